#include "tools/ablation/curves.h"

#include <algorithm>
#include <limits>
#include <sstream>

#include <fmt/format.h>

#include "io/file.h"
#include "io/json.h"
#include "tools/ablation/panels.h"
#include "tools/text_table.h"

namespace ctr {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

double number_at(const Json& object, const std::string& key) {
  const auto found = object.find(key);
  return found == object.end() || !found->is_number() ? kNone : found->get<double>();
}

std::vector<CurvePoint> read_points(const std::string& path, const AblationReport& report) {
  std::vector<CurvePoint> points;
  std::istringstream lines(read_text(path));
  for (std::string line; std::getline(lines, line);) {
    const Json event = parse_json(line);
    if (event.value("event", "") != "epoch") continue;
    CurvePoint point{event.at("epoch").get<int64_t>(), number_at(event, "train_loss")};
    for (size_t m = 0; m < point.valid.size(); ++m)
      point.valid[m] = number_at(event.at("valid"), report.metrics[m].log_key);
    points.push_back(point);
  }
  return points;
}

// The lines of each variant, in the order of the report.
std::string chart_of(const ChartText& text, const std::vector<LearningCurve>& curves,
                     const AblationReport& report, double (*value)(const CurvePoint&)) {
  std::vector<Panel> panels;
  for (const VariantReport& variant : report.variants) {
    Panel panel{variant.plan.name, {}};
    for (const LearningCurve& curve : curves) {
      if (curve.variant != variant.plan.name) continue;
      Line line;
      for (const CurvePoint& point : curve.points)
        line.push_back({static_cast<double>(point.epoch), value(point), kNone, kNone});
      panel.lines.push_back(std::move(line));
    }
    panels.push_back(std::move(panel));
  }
  for (size_t v = 0; v < panels.size(); ++v)
    if (const size_t beside = report.variants[v].plan.beside; beside != v)
      panels[v].reference = panels[beside].lines;
  return panel_chart(text, panels, false);
}

}  // namespace

std::vector<LearningCurve> learning_curves(const AblationPlan& plan, const AblationReport& report,
                                           const SweepResult& result, const std::string& folder) {
  std::vector<LearningCurve> curves;
  for (size_t i = 0; i < result.rows.size(); ++i) {
    const SweepRow& row = result.rows[i];
    if (!row.done()) continue;
    const PlannedRun& run = plan.sweep.runs[result.runs[i]];
    curves.push_back({plan.variants[run.combination].name, row.seed,
                      read_points(folder + "/" + row.run + "/log.jsonl", report)});
  }
  return curves;
}

std::string csv_of(const std::vector<LearningCurve>& curves, const AblationReport& report) {
  std::string text = fmt::format("variant,seed,epoch,train_loss,valid_{},valid_{}\n",
                                 report.metrics[0].key, report.metrics[1].key);
  for (const LearningCurve& curve : curves)
    for (const CurvePoint& point : curve.points)
      text += fmt::format("{},{},{},{},{},{}\n", curve.variant, curve.seed, point.epoch,
                          csv_number(point.train_loss), csv_number(point.valid[0]),
                          csv_number(point.valid[1]));
  return text;
}

std::string train_loss_chart(const std::vector<LearningCurve>& curves,
                             const AblationReport& report) {
  return chart_of(
      {"train", "Loss in training by epoch",
       "One panel for each variant, a line for each seed, the full model's in grey", "epoch", ""},
      curves, report, [](const CurvePoint& point) { return point.train_loss; });
}

std::string valid_chart(const std::vector<LearningCurve>& curves, const AblationReport& report) {
  return chart_of(
      {"valid", report.metrics[0].name + " of the valid split by epoch",
       "One panel for each variant, a line for each seed, the full model's in grey", "epoch", ""},
      curves, report, [](const CurvePoint& point) { return point.valid[0]; });
}

std::string label_chart(const AblationReport& report) {
  if (report.what != "labels") return {};
  std::vector<Panel> panels;
  for (const VariantReport& variant : report.variants) {
    const std::string& method = variant.plan.method;
    auto panel = std::find_if(panels.begin(), panels.end(),
                              [&](const Panel& one) { return one.title == method; });
    if (panel == panels.end()) panel = panels.insert(panels.end(), {method, {Line()}});
    const Spread& value = variant.test[0].value;
    panel->lines[0].push_back({static_cast<double>(variant.plan.rows), value.mean,
                               value.mean - value.deviation, value.mean + value.deviation});
  }
  for (Panel& panel : panels)
    std::sort(panel.lines[0].begin(), panel.lines[0].end(),
              [](const LinePoint& a, const LinePoint& b) { return a.x < b.x; });
  for (size_t p = 1; p < panels.size(); ++p) panels[p].reference = panels[0].lines;
  return panel_chart(
      {"labels", fmt::format("Test {} by rows trained on", report.metrics[0].name),
       "One panel for each method, the full model's line in grey", "rows trained on", ""},
      panels, true);
}

}  // namespace ctr
