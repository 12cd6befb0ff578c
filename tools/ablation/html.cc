// The page of an ablation: charts beside their tables, nothing fetched from elsewhere.

#include <cmath>
#include <functional>

#include <fmt/format.h>

#include "tools/ablation/chart.h"
#include "tools/ablation/report.h"
#include "tools/ablation/svg.h"

namespace ctr {
namespace {

constexpr const char* kStyle = R"(
body { background: var(--ground); color: var(--ink); margin: 0 auto; max-width: 92rem;
  padding: 1.5rem; font: 15px/1.5 system-ui, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .5rem; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 .5rem; }
p { margin: .3rem 0; max-width: 60rem; }
.soft { color: var(--soft); }
.pair { display: flex; flex-wrap: wrap; gap: 1.5rem; align-items: flex-start; }
.pair > figure { flex: 1 1 30rem; max-width: 48rem; margin: 0; }
.pair > .wide { flex: 0 1 auto; max-width: 100%; }
.three { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 1.5rem; }
.three > figure { margin: 0; max-width: 34rem; }
.wide { overflow-x: auto; }
.three + .wide { margin-top: 1.5rem; }
figcaption { color: var(--soft); font-size: .85rem; }
table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); padding-bottom: .3rem; }
th, td { padding: .2rem .6rem; text-align: right; border-bottom: 1px solid var(--line);
  white-space: nowrap; }
th { font-weight: 600; }
thead th { vertical-align: bottom; white-space: normal; }
.left { text-align: left; }
td.left { white-space: normal; min-width: 9rem; }
tbody tr:nth-child(odd) { background: var(--row); }
svg { width: 100%; height: auto; display: block; }
)";

struct Column {
  std::string name;
  bool left;
  std::function<std::string(size_t)> cell;  // of a row
};

std::string html_table(const std::string& caption, size_t rows,
                       const std::vector<Column>& columns) {
  std::string text = fmt::format(
      "<div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"{0}\"><table>"
      "<caption>{0}</caption>\n<thead><tr>",
      html_text(caption));
  for (const Column& column : columns)
    text += fmt::format("<th scope=\"col\"{}>{}</th>", column.left ? " class=\"left\"" : "",
                        html_text(column.name));
  text += "</tr></thead>\n<tbody>\n";
  for (size_t r = 0; r < rows; ++r) {
    text += "<tr>";
    for (const Column& column : columns)
      text += fmt::format("<td{}>{}</td>", column.left ? " class=\"left\"" : "",
                          html_text(column.cell(r)));
    text += "</tr>\n";
  }
  return text + "</tbody></table></div>\n";
}

std::string figure(const std::string& chart, const std::string& caption) {
  return fmt::format("<figure>{}<figcaption>{}</figcaption></figure>\n", chart, html_text(caption));
}

class Page {
 public:
  Page(const AblationReport& report, const std::vector<AblationFigure>& figures)
      : report_(report), figures_(figures) {}

  std::string text() const {
    std::string text = head();
    for (size_t m = 0; m < report_.metrics.size(); ++m) text += differences(m);
    if (!report_.variants.front().slices.empty()) text += slices();
    for (const AblationFigure& one : figures_)
      text +=
          fmt::format("<h2>{}</h2>\n{}", html_text(one.heading), figure(one.chart, one.caption));
    text += costs() + settings() + left_out();
    return text + "</main></body></html>\n";
  }

 private:
  const VariantReport& variant(size_t row) const { return report_.variants[row]; }
  size_t count() const { return report_.variants.size(); }
  // What others are compared with.
  bool stands_alone(const VariantReport& one) const {
    return &one == &report_.variants[one.plan.beside];
  }
  std::string title() const {
    const char* what = report_.what == "embeddings" ? "Embeddings"
                       : report_.what == "labels"   ? "Few labels"
                                                    : "Ablation";
    return fmt::format("{} of {}", what, report_.model);
  }
  std::string interval() const { return fmt::format("{:g} % interval", 100 * report_.confidence); }

  std::string head() const;
  std::string differences(size_t metric) const;  // of the test split
  std::string slices() const;
  std::string slice_rows() const;
  std::string scatter(const std::string& id, const std::string& x_label,
                      const std::function<double(const VariantReport&)>& x) const;
  std::string costs() const;
  std::string settings() const;
  std::string left_out() const;
  std::vector<Column> named(std::vector<Column> columns) const;

  const AblationReport& report_;
  const std::vector<AblationFigure>& figures_;
};

// The columns after number and name of the variant.
std::vector<Column> Page::named(std::vector<Column> columns) const {
  columns.insert(columns.begin(),
                 {{"", false, [](size_t r) { return std::to_string(r); }},
                  {"variant", true, [this](size_t r) { return variant(r).plan.name; }}});
  return columns;
}

std::string Page::head() const {
  std::string text = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{0} on {1}</title>\n<style>{2}{3}</style></head>\n<body><main>\n<h1>{0} on "
      "{1}</h1>\n",
      html_text(title()), html_text(report_.data), chart_style(), kStyle);
  text += fmt::format("<p>Full model: {}.</p>\n", html_text(report_.full));
  text += fmt::format("<p>Seeds {}; {}. Variants are the full model but for what they name.</p>\n",
                      fmt::join(report_.seeds, ", "), html_text(report_.protocol));
  if (!report_.note.empty())
    text += fmt::format("<p class=\"soft\">Data: {}</p>\n", html_text(report_.note));
  return text;
}

std::string Page::differences(size_t metric) const {
  const ReportMetric& kind = report_.metrics[metric];
  const std::string name = kind.name + " of the test split";
  std::vector<Bar> bars;
  for (const VariantReport& one : report_.variants) {
    if (stands_alone(one)) continue;
    const PairedDifference& d = one.test[metric].difference;
    bars.push_back({one.plan.group, one.plan.name, d.mean, d.interval.low, d.interval.high,
                    d.clear(), signed_text(d.mean, 5)});
  }
  const std::string chart =
      bar_chart({kind.key, name + " less the full model's",
                 "One bar for each variant, the table beside it has the same figures",
                 name + ", difference", ""},
                bars, kind.higher);
  const std::string table = html_table(
      name, count(),
      named({{"seeds", false, [this](size_t r) { return std::to_string(variant(r).done); }},
             {"mean", false,
              [this, metric](size_t r) { return spread_text(variant(r).test[metric].value, 5); }},
             {"less the full model's, " + interval(), false, [this, metric](size_t r) {
                return stands_alone(variant(r))
                           ? std::string()
                           : difference_text(variant(r).test[metric].difference, 5);
              }}}));
  return fmt::format(
      "<h2>{}, less the full model's</h2>\n<div class=\"pair\">{}{}</div>\n", html_text(name),
      figure(chart, fmt::format("Means of differences paired by seed; whiskers are the {} by "
                                "Student's distribution. Blue is better than the full model, "
                                "orange worse; pale where the interval holds 0 or is not known. An "
                                "arrow goes on beyond "
                                "the axis.",
                                interval())),
      table);
}

std::string Page::slice_rows() const {
  struct Row {
    size_t slice, variant;
  };
  std::vector<Row> rows;
  for (size_t s = 0; s < report_.variants.front().slices.size(); ++s)
    for (size_t v = 0; v < count(); ++v)
      if (s < variant(v).slices.size()) rows.push_back({s, v});
  auto at = [this, rows](size_t r) -> const ComparedSlice& {
    return variant(rows[r].variant).slices[rows[r].slice];
  };
  auto full = [rows](size_t r) { return rows[r].variant == 0; };
  return html_table(
      "AUC and log-loss of test rows by how often the id was trained on", rows.size(),
      {{"ids", true, [=](size_t r) { return at(r).field + ", " + at(r).slice; }},
       {"rows", false, [=](size_t r) { return std::to_string(at(r).rows); }},
       {"variant", true, [=, this](size_t r) { return variant(rows[r].variant).plan.name; }},
       {"AUC", false, [=](size_t r) { return spread_text(at(r).auc.value, 5); }},
       {"less the full's", false,
        [=](size_t r) {
          return full(r) ? std::string() : difference_text(at(r).auc.difference, 5);
        }},
       {"log-loss", false, [=](size_t r) { return spread_text(at(r).logloss.value, 5); }},
       {"less the full's", false, [=](size_t r) {
          return full(r) ? std::string() : difference_text(at(r).logloss.difference, 5);
        }}});
}

std::string Page::slices() const {
  std::vector<Bar> bars;
  const std::vector<ComparedSlice>& full = report_.variants.front().slices;
  for (size_t s = 0; s < full.size(); ++s) {
    const bool cold = full[s].slice == "tail" || full[s].slice == "unseen";
    if (!cold || std::isnan(full[s].auc.value.mean)) continue;  // rows of one class alone
    for (size_t v = 1; v < count(); ++v) {
      if (s >= variant(v).slices.size()) continue;
      const PairedDifference& d = variant(v).slices[s].auc.difference;
      bars.push_back(
          {fmt::format("{}: {} ({} test rows)", full[s].field, full[s].slice, full[s].rows),
           variant(v).plan.name, d.mean, d.interval.low, d.interval.high, d.clear(),
           signed_text(d.mean, 5)});
    }
  }
  const std::string chart =
      bar_chart({"cold", "AUC on rows with cold ids, less the full model's",
                 "One bar for each variant in each slice, the table beside it has the same figures",
                 "AUC, difference", ""},
                bars, true);
  return fmt::format(
      "<h2>Rows with cold ids</h2>\n<div class=\"pair\">{}{}</div>\n",
      figure(chart,
             "tail: ids with the last third of the training rows by falling frequency; "
             "unseen: without training rows, or out of vocabulary."),
      slice_rows());
}

std::string Page::scatter(const std::string& id, const std::string& x_label,
                          const std::function<double(const VariantReport&)>& x) const {
  const std::string& metric = report_.metrics[0].name;
  std::vector<Point> points;
  for (size_t v = 0; v < count(); ++v) {
    const VariantReport& one = variant(v);
    points.push_back({std::to_string(v),
                      fmt::format("{}: {} {}, {} {}", one.plan.name, metric,
                                  spread_text(one.test[0].value, 5), amount_text(x(one)), x_label),
                      x(one), one.test[0].value.mean, v == 0});
  }
  return figure(scatter_chart({id, fmt::format("Test {} by {}", metric, x_label),
                               "One point for each variant, by its number in the table below",
                               x_label, "test " + metric},
                              points),
                "Numbers are those of the table; the large point is the full model, hollow ones "
                "lie beyond the axis.");
}

std::string Page::costs() const {
  auto trained = [](const VariantReport& v) { return static_cast<double>(v.plan.cost.trained); };
  auto flop = [](const VariantReport& v) { return v.plan.cost.forward_flop; };
  auto speed = [](const VariantReport& v) { return v.samples_per_s.mean; };
  auto amount = [this](double VariantCost::*member) {
    return [this, member](size_t r) { return amount_text(variant(r).plan.cost.*member); };
  };
  auto number = [this](int64_t VariantCost::*member) {
    return [this, member](size_t r) { return std::to_string(variant(r).plan.cost.*member); };
  };
  const std::string table =
      html_table("What the variants cost", count(),
                 named({{"parameters", false, number(&VariantCost::parameters)},
                        {"trained", false, number(&VariantCost::trained)},
                        {"of tables", false, number(&VariantCost::tables)},
                        {"forward, operations a row", false, amount(&VariantCost::forward_flop)},
                        {"predict", false, amount(&VariantCost::predict_flop)},
                        {"step", false, amount(&VariantCost::step_flop)},
                        {"generated, bytes a row", false,
                         [this](size_t r) {
                           return bytes_text(variant(r).plan.cost.generated_bytes_per_row());
                         }},
                        {"bytes a batch", false, number(&VariantCost::generated_bytes)},
                        {"memory, MB", false,
                         [this](size_t r) { return megabytes_text(variant(r).plan.cost.memory); }},
                        {"samples/s", false,
                         [this](size_t r) { return spread_text(variant(r).samples_per_s, 0); }},
                        {"epochs", false, [this](size_t r) {
                           return spread_text({variant(r).epochs.mean, NAN}, 1);
                         }}}));
  return "<h2>What it costs</h2>\n<div class=\"three\">" +
         scatter("parameters", "trained parameters", trained) +
         scatter("flop", "operations of a forward pass, a row", flop) +
         scatter("speed", "training samples a second", speed) +
         fmt::format(
             "</div>\n{}<p class=\"soft\">Operations are counted in the matrix products that "
             "ran, a multiply-add as two: of a training forward pass, of a prediction with folded "
             "weights "
             "and kept vectors, of forward and backward pass. Bytes are those of weights that "
             "generators made for a batch of {} rows. Memory is that of parameters, of the "
             "optimizer's state and of a step's tensors.</p>\n",
             table, variant(0).plan.cost.rows);
}

std::string Page::settings() const {
  return "<h2>Variants</h2>\n" +
         html_table(
             "What each variant sets", count(),
             named({{"what", true, [this](size_t r) { return variant(r).plan.what; }},
                    {"settings", true, [this](size_t r) { return variant(r).plan.settings; }}}));
}

std::string Page::left_out() const {
  const std::vector<LeftOut>& all = report_.left_out;
  if (all.empty()) return {};
  return "<h2>Left out</h2>\n" +
         html_table("Variants that did not run", all.size(),
                    {{"variant", true, [&](size_t r) { return all[r].name; }},
                     {"what", true, [&](size_t r) { return all[r].what; }},
                     {"why", true, [&](size_t r) { return all[r].reason; }}});
}

}  // namespace

std::string html_of(const AblationReport& report, const std::vector<AblationFigure>& figures) {
  return Page(report, figures).text();
}

}  // namespace ctr
