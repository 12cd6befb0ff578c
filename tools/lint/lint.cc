#include "tools/lint/lint.h"

#include <algorithm>
#include <limits>

#include "engine/check.h"
#include "tools/lint/checks.h"

namespace ctr {
namespace {

std::array<double, 3> none() {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  return {nan, nan, nan};
}

}  // namespace

const char* name_of(Verdict verdict) {
  constexpr std::array<const char*, 3> kNames{"info", "warning", "problem"};
  return kNames[static_cast<size_t>(verdict)];
}

int64_t LintReport::count(Verdict verdict) const {
  return std::count_if(findings.begin(), findings.end(),
                       [&](const Finding& finding) { return finding.verdict == verdict; });
}

LintReport lint(const Dataset& data) {
  const DataProfile profile = profile_of(data);
  LintInput input{data, profile};
  input.held = profile.rows[2] > 0 ? 2 : profile.rows[1] > 0 ? 1 : 0;
  LintReport report;
  report.name = data.schema.name;
  if (input.held > 0) report.held_out = kSplitNames[input.held];
  report.rows = profile.rows;
  report.clicks = profile.clicks;
  for (const Field& field : data.schema.fields) {
    report.fields.push_back({field.name, std::string(name_of(field.type)),
                             field.type == FieldType::numeric ? 0 : field.vocabulary, 0, 0, none(),
                             none(), none(), none()[0]});
  }
  check_labels(input, report);
  check_duplicates(input, find_duplicates(data), report);
  check_leaks(input, report);
  check_columns(input, report);
  check_drift(input, report);
  check_vectors(input, report);
  check_popularity(input, report);
  std::stable_sort(report.findings.begin(), report.findings.end(),
                   [](const Finding& a, const Finding& b) { return a.verdict > b.verdict; });
  return report;
}

}  // namespace ctr
