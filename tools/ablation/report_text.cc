#include <cmath>

#include <fmt/format.h>

#include "tools/ablation/report.h"
#include "tools/text_table.h"

namespace ctr {
namespace {

using Lines = std::vector<std::vector<std::string>>;

std::string count_text(const VariantReport& variant) {
  std::string text = std::to_string(variant.done);
  if (variant.failed > 0) text += fmt::format(", {} failed", variant.failed);
  return text;
}

// The difference from the full model and its interval, * where that does not hold 0.
void append_difference(const PairedDifference& d, bool full, std::vector<std::string>& line) {
  line.push_back(full ? "" : signed_text(d.mean, 5));
  const bool known = !full && !std::isnan(d.interval.low);
  line.push_back(!known ? ""
                        : fmt::format("[{}, {}]{}", signed_text(d.interval.low, 5),
                                      signed_text(d.interval.high, 5), d.clear() ? " *" : ""));
}

std::string metrics_table(const AblationReport& report) {
  const std::string interval = fmt::format("{:g} %", 100 * report.confidence);
  Lines lines{{"variant", "n", "test " + report.metrics[0].name, "less the full's", interval,
               report.metrics[1].name, "less the full's", interval}};
  for (const VariantReport& variant : report.variants) {
    const bool full = &variant == &report.variants[variant.plan.beside];
    std::vector<std::string> line{variant.plan.name, count_text(variant)};
    for (const Compared& metric : variant.test) {
      line.push_back(spread_text({metric.value.mean, NAN}, 5));
      append_difference(metric.difference, full, line);
    }
    lines.push_back(std::move(line));
  }
  return text_table(lines);
}

std::string cost_table(const AblationReport& report) {
  Lines lines{{"variant", "trained", "of tables", "forward", "predict", "step", "generated",
               "memory MB", "samples/s", "what"}};
  for (const VariantReport& variant : report.variants) {
    const VariantCost& cost = variant.plan.cost;
    if (variant.plan.method != variant.plan.name) continue;  // on fewer rows it costs the same
    lines.push_back({variant.plan.name, amount_text(static_cast<double>(cost.trained)),
                     amount_text(static_cast<double>(cost.tables)), amount_text(cost.forward_flop),
                     amount_text(cost.predict_flop), amount_text(cost.step_flop),
                     bytes_text(cost.generated_bytes_per_row()), megabytes_text(cost.memory),
                     spread_text({variant.samples_per_s.mean, NAN}, 0), variant.plan.what});
  }
  return text_table(lines) +
         "trained, of tables: numbers. forward, predict, step: operations of matrix products a "
         "row.\n"
         "generated: weights made by nets, bytes a row of the batch\n";
}

std::string slice_table(const AblationReport& report) {
  Lines lines{{"test rows by", "ids trained on", "rows", "variant", "AUC", "less the full's", ""}};
  for (size_t s = 0; s < report.variants.front().slices.size(); ++s) {
    for (const VariantReport& variant : report.variants) {
      if (s >= variant.slices.size()) continue;
      const ComparedSlice& slice = variant.slices[s];
      const bool full = &variant == &report.variants.front();
      lines.push_back({full ? slice.field : "", full ? slice.slice : "",
                       full ? std::to_string(slice.rows) : "", variant.plan.name,
                       spread_text({slice.auc.value.mean, NAN}, 5)});
      append_difference(slice.auc.difference, full, lines.back());
    }
  }
  return lines.size() == 1 ? "" : text_table(lines) + "\n";
}

// Columns of the CSV file after the variant's name.
std::vector<std::string> csv_columns(const AblationReport& report) {
  std::vector<std::string> columns{"variant", "group", "what",   "settings", "method",
                                   "rows",    "done",  "failed", "missing"};
  auto metric = [&columns](const std::string& name) {
    for (const char* part : {"", "_deviation", "_difference", "_low", "_high"})
      columns.push_back(name + part);
  };
  for (const char* split : {"valid", "test"})
    for (const ReportMetric& one : report.metrics) metric(fmt::format("{}_{}", split, one.key));
  for (const char* name :
       {"parameters", "trained", "of_tables", "forward_flop_per_row", "predict_flop_per_row",
        "step_flop_per_row", "generated_bytes_per_batch", "generated_bytes_per_row", "batch_rows",
        "memory_bytes", "samples_per_s", "epochs"})
    columns.emplace_back(name);
  for (const ComparedSlice& slice : report.variants.front().slices) {
    metric(fmt::format("{}_{}_auc", slice.field, slice.slice));
    metric(fmt::format("{}_{}_logloss", slice.field, slice.slice));
  }
  columns.emplace_back("left_out");
  return columns;
}

void append(std::vector<std::string>& cells, const Compared& metric) {
  const PairedDifference& d = metric.difference;
  for (double value :
       {metric.value.mean, metric.value.deviation, d.mean, d.interval.low, d.interval.high})
    cells.push_back(csv_number(value));
}

std::vector<std::string> csv_cells(const VariantReport& variant) {
  const PlannedVariant& plan = variant.plan;
  const VariantCost& cost = plan.cost;
  std::vector<std::string> cells{plan.name,
                                 plan.group,
                                 plan.what,
                                 plan.settings,
                                 plan.method,
                                 std::to_string(plan.rows),
                                 std::to_string(variant.done),
                                 std::to_string(variant.failed),
                                 std::to_string(variant.missing)};
  for (const auto* split : {&variant.valid, &variant.test})
    for (const Compared& metric : *split) append(cells, metric);
  for (int64_t count : {cost.parameters, cost.trained, cost.tables})
    cells.push_back(std::to_string(count));
  for (double flop : {cost.forward_flop, cost.predict_flop, cost.step_flop})
    cells.push_back(csv_number(flop));
  cells.push_back(std::to_string(cost.generated_bytes));
  cells.push_back(csv_number(cost.generated_bytes_per_row()));
  cells.push_back(std::to_string(cost.rows));
  cells.push_back(std::to_string(cost.memory));
  for (double value : {variant.samples_per_s.mean, variant.epochs.mean})
    cells.push_back(csv_number(value));
  for (const ComparedSlice& slice : variant.slices) {
    append(cells, slice.auc);
    append(cells, slice.logloss);
  }
  return cells;
}

}  // namespace

std::string signed_text(double value, int digits) {
  return std::isnan(value) ? "–" : fmt::format("{:+.{}f}", value, digits);
}

std::string amount_text(double value) {
  if (std::isnan(value)) return "–";
  if (value >= 1e9) return fmt::format("{:.2f} G", value / 1e9);
  if (value >= 1e6) return fmt::format("{:.2f} M", value / 1e6);
  if (value >= 1e4) return fmt::format("{:.1f} k", value / 1e3);
  return fmt::format("{:.0f}", value);
}

std::string bytes_text(double value) {
  return value < 1e4 ? fmt::format("{:.0f} B", value) : amount_text(value) + "B";
}

std::string megabytes_text(int64_t bytes) {
  return fmt::format("{:.0f}", static_cast<double>(bytes) / (1 << 20));
}

std::string difference_text(const PairedDifference& difference, int digits) {
  std::string text = signed_text(difference.mean, digits);
  if (!std::isnan(difference.interval.low))
    text += fmt::format(" [{}, {}]", signed_text(difference.interval.low, digits),
                        signed_text(difference.interval.high, digits));
  return text;
}

std::string text_of(const AblationReport& report) {
  std::string text = metrics_table(report);
  text += fmt::format(
      "differences are paired by seed, over n seeds; intervals are Student's; * does not hold "
      "0\n\n");
  text += slice_table(report) + cost_table(report);
  return text + left_out_text(report.left_out);
}

std::string left_out_text(const std::vector<LeftOut>& all) {
  std::string text = all.empty() ? "" : "\nleft out\n";
  for (const LeftOut& one : all) text += fmt::format("  {}: {}\n", one.name, one.reason);
  return text;
}

std::string csv_of(const AblationReport& report) {
  const std::vector<std::string> columns = csv_columns(report);
  std::string text = csv_line(columns);
  for (const VariantReport& variant : report.variants) {
    std::vector<std::string> cells = csv_cells(variant);
    cells.resize(columns.size());
    text += csv_line(cells);
  }
  for (const LeftOut& one : report.left_out) {
    std::vector<std::string> cells(columns.size());
    cells[0] = one.name;
    cells[2] = one.what;
    cells.back() = one.reason;
    text += csv_line(cells);
  }
  return text;
}

}  // namespace ctr
