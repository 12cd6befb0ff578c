#include "tools/sweep/summary.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "engine/check.h"
#include "tools/early_stop.h"
#include "tools/text_table.h"

namespace ctr {
namespace {

std::string common_monitor(const SweepPlan& plan) {
  const std::string& first = plan.runs.front().train.monitor;
  const bool same = std::all_of(plan.runs.begin(), plan.runs.end(),
                                [&](const PlannedRun& run) { return run.train.monitor == first; });
  return same ? first : "auto";
}

Combination combined(const std::vector<const SweepRow*>& rows, const std::string& monitor) {
  Combination result;
  std::vector<const SweepRow*> done;
  for (const SweepRow* row : rows) {
    if (row->done()) done.push_back(row);
    result.failed += row->done() ? 0 : 1;
    result.parameters = row->parameters;
  }
  result.done = std::ssize(done);
  auto over = [&](const std::function<double(const SweepRow&)>& value) {
    std::vector<double> values;
    for (const SweepRow* row : done) values.push_back(value(*row));
    return spread_of(values);
  };
  result.monitor = over([&](const SweepRow& r) { return monitored(monitor, r.valid); });
  result.valid_auc = over([](const SweepRow& r) { return r.valid.auc; });
  result.test_auc = over([](const SweepRow& r) { return r.test.auc; });
  result.test_logloss = over([](const SweepRow& r) { return r.test.logloss; });
  result.test_gauc = over([](const SweepRow& r) { return r.test.gauc; });
  for (size_t m = 0; m < std::size(kRankMetrics); ++m)
    result.test_ranking[m] =
        over([m](const SweepRow& r) { return r.test.ranking.*kRankMetrics[m].second; });
  result.epochs = over([](const SweepRow& r) { return static_cast<double>(r.epochs); });
  result.seconds = over([](const SweepRow& r) { return r.seconds; });
  result.samples_per_s = over([](const SweepRow& r) { return r.samples_per_s; });
  return result;
}

std::string settings_text(const SweepPlan& plan, const Combination& combination) {
  std::string text;
  for (size_t a = 0; a < plan.axes.size(); ++a) {
    if (!text.empty()) text += ' ';
    text.append(dashed(plan.axes[a].option)).append("=").append(combination.values[a]);
  }
  return text.empty() ? "model=" + combination.model : text;
}

}  // namespace

Spread spread_of(const std::vector<double>& values) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  if (values.empty()) return {kNone, kNone};
  const auto count = static_cast<double>(values.size());
  double mean = 0, squares = 0;
  for (double value : values) mean += value / count;
  for (double value : values) squares += (value - mean) * (value - mean);
  return {mean, values.size() < 2 ? kNone : std::sqrt(squares / (count - 1))};
}

std::string spread_text(const Spread& spread, int digits) {
  if (std::isnan(spread.mean)) return "-";
  std::string text = fmt::format("{:.{}f}", spread.mean, digits);
  if (!std::isnan(spread.deviation)) text += fmt::format(" ± {:.{}f}", spread.deviation, digits);
  return text;
}

SweepSummary summarise(const SweepPlan& plan, const SweepResult& result) {
  SweepSummary summary;
  summary.monitor = common_monitor(plan);
  for (size_t c = 0; c < plan.combinations(); ++c) {
    std::vector<const SweepRow*> rows;
    for (size_t i = 0; i < result.rows.size(); ++i)
      if (plan.runs[result.runs[i]].combination == c) rows.push_back(&result.rows[i]);
    Combination combination = combined(rows, summary.monitor);
    combination.values = plan.runs[c].values;  // combinations stand first with the first seed
    combination.model = plan.runs[c].train.model;
    combination.missing = std::ssize(plan.seeds) - std::ssize(rows);
    const double mean = combination.monitor.mean;
    if (!std::isnan(mean) &&
        (!summary.best || mean > summary.combinations[*summary.best].monitor.mean))
      summary.best = c;
    summary.combinations.push_back(std::move(combination));
  }
  return summary;
}

std::string text_of(const SweepPlan& plan, const SweepSummary& summary) {
  const bool grouped = std::any_of(
      summary.combinations.begin(), summary.combinations.end(),
      [](const Combination& combination) { return !std::isnan(combination.test_gauc.mean); });
  const bool ranked = std::any_of(
      summary.combinations.begin(), summary.combinations.end(),
      [](const Combination& combination) { return !std::isnan(combination.test_ranking[0].mean); });
  const bool monitored = summary.monitor != "auc" && summary.monitor != "auto";
  std::vector<std::string> head{"", "combination", "n"};
  if (monitored) head.push_back("valid " + summary.monitor);
  for (const char* name : {"valid AUC", "test AUC", "log-loss"}) head.emplace_back(name);
  if (grouped) head.emplace_back("GAUC");
  if (ranked)
    for (const auto& [name, member] : kRankMetrics) head.emplace_back(name);
  head.insert(head.end(), {"epochs", "seconds"});
  std::vector<std::vector<std::string>> lines{head};
  for (size_t c = 0; c < summary.combinations.size(); ++c) {
    const Combination& k = summary.combinations[c];
    std::string count = std::to_string(k.done);
    if (k.failed > 0) count += fmt::format(", {} failed", k.failed);
    std::vector<std::string> line{summary.best == c ? "*" : "", settings_text(plan, k), count};
    if (monitored) line.push_back(spread_text(k.monitor, 5));
    for (const Spread* spread : {&k.valid_auc, &k.test_auc, &k.test_logloss})
      line.push_back(spread_text(*spread, 5));
    if (grouped) line.push_back(spread_text(k.test_gauc, 5));
    if (ranked)
      for (const Spread& spread : k.test_ranking) line.push_back(spread_text(spread, 5));
    line.push_back(spread_text({k.epochs.mean, NAN}, 1));
    line.push_back(spread_text({k.seconds.mean, NAN}, 1));
    lines.push_back(std::move(line));
  }
  std::string text = text_table(lines);
  text += fmt::format("mean ± standard deviation over n seeds; * the best mean valid {}\n",
                      summary.monitor);
  return text;
}

}  // namespace ctr
