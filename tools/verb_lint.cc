#include <algorithm>
#include <cmath>
#include <memory>

#include <fmt/format.h>

#include "engine/check.h"
#include "engine/error.h"
#include "io/data_catalog.h"
#include "io/file.h"
#include "tools/lint/lint.h"
#include "tools/verbs.h"

namespace ctr {
namespace {

std::string number(double value, const char* none = "-") {
  return std::isnan(value) ? none : fmt::format("{:.4f}", value);
}

std::string percent(double value) {
  return std::isnan(value) ? "-" : fmt::format("{:.1f}", 100 * value);
}

// "train/valid/test", the values that are there.
template <class Text>
std::string by_split(const std::array<double, 3>& values, Text text, size_t first = 0) {
  std::string line = text(values[first]);
  for (size_t s = first + 1; s < values.size(); ++s) line.append(1, '/').append(text(values[s]));
  return line;
}

void print_head(const Dataset& data, const LintReport& report) {
  fmt::print("data      {}\n", report.name);
  if (!data.origin.empty()) fmt::print("origin    {}\n", data.origin);
  if (!data.note.empty()) fmt::print("note      {}\n", data.note);
  for (size_t s = 0; s < kSplitNames.size(); ++s) {
    const double rate = static_cast<double>(report.clicks[s]) / static_cast<double>(report.rows[s]);
    fmt::print("{:<9} {} rows, {} clicks, click rate {}\n", kSplitNames[s], report.rows[s],
               report.clicks[s], number(rate));
  }
}

void print_fields(const LintReport& report) {
  size_t width = 5;
  for (const FieldFacts& field : report.fields) width = std::max(width, field.name.size());
  fmt::print("\n{:<{}} {:<12} {:>9} {:>9} {:>6} {:>15} {:>15} {:>15}  {}\n", "field", width, "type",
             "table", "distinct", "once %", "missing %", "unseen %", "drift", "AUC alone");
  for (const FieldFacts& f : report.fields) {
    fmt::print("{:<{}} {:<12} {:>9} {:>9} {:>6} {:>15} {:>15} {:>15}  {}\n", f.name, width, f.type,
               f.table == 0 ? "-" : std::to_string(f.table), f.distinct, percent(f.once),
               by_split(f.missing, percent), by_split(f.unseen, percent),
               by_split(
                   f.drift, [](double x) { return number(x); }, 1),
               number(f.alone_auc));
  }
  fmt::print(
      "  missing and unseen of train/valid/test; drift of valid/test from train; AUC alone: on "
      "{}\n",
      report.held_out.empty() ? "no split" : report.held_out);
}

void print_domains(const LintReport& report) {
  if (report.domains.empty()) return;
  size_t width = 6;
  for (const DomainFacts& domain : report.domains) width = std::max(width, domain.name.size());
  fmt::print("\n{:<{}} {:>28} {:>24}  {}\n", "domain", width, "rows train/valid/test", "click rate",
             "popularity AUC");
  for (const DomainFacts& d : report.domains) {
    std::array<double, 3> rate{};
    for (size_t s = 0; s < rate.size(); ++s)
      rate[s] = static_cast<double>(d.clicks[s]) / static_cast<double>(d.rows[s]);
    fmt::print("{:<{}} {:>28} {:>24}  {}\n", d.name, width,
               fmt::format("{}/{}/{}", d.rows[0], d.rows[1], d.rows[2]),
               by_split(rate, [](double x) { return number(x); }), number(d.popularity_auc));
  }
}

void print_findings(const LintReport& report) {
  fmt::print("\n");
  for (const Finding& finding : report.findings) {
    fmt::print("{:<8} {:<11} {}: {}\n", name_of(finding.verdict), finding.check, finding.subject,
               finding.found);
    if (!finding.advice.empty()) fmt::print("{:20} → {}\n", "", finding.advice);
  }
  fmt::print("\n{} problems, {} warnings, {} notes\n", report.count(Verdict::problem),
             report.count(Verdict::warning), report.count(Verdict::info));
}

int run(const std::string& name, const std::string& json) {
  const Dataset data = open_dataset(name);
  const LintReport report = lint(data);
  print_head(data, report);
  print_fields(report);
  print_domains(report);
  print_findings(report);
  if (!json.empty()) write_text_atomically(json, json_of(report));
  return report.count(Verdict::problem) > 0 ? static_cast<int>(ErrorKind::data) : 0;
}

}  // namespace

Verb lint_verb() {
  auto json = std::make_shared<std::string>();
  Verb verb;
  verb.name = "lint";
  verb.summary = "look for what would spoil results in a prepared data set";
  verb.examples = {"ctrengine lint taobao", "ctrengine lint data/criteo --json lint.json"};
  verb.arguments = "DATA";
  verb.options.add({"json", json.get(), "a file for the same findings as JSON"});
  verb.run = [json](const std::vector<std::string>& arguments) {
    CTR_CHECK(arguments.size() == 1,
              "lint: name one data set or its directory, as in `ctrengine lint taobao`");
    return run(arguments[0], *json);
  };
  return verb;
}

}  // namespace ctr
