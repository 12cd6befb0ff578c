// Columns that tell the label alone.

#include "engine/check.h"
#include "tools/lint/checks.h"

namespace ctr {
namespace {

// Of the AUC of one column on held-out rows.
constexpr double kLeak = 0.95;
constexpr double kStrong = 0.90;

}  // namespace

void check_leaks(const LintInput& input, LintReport& report) {
  if (input.held == 0) return;
  for (size_t f = 0; f < report.fields.size(); ++f) {
    const Field& field = input.data.schema.fields[f];
    const FieldProfile& counts = input.profile.fields[f];
    const auto& columns = field.is_list() ? counts.lengths : counts.values;
    const double value = rate_auc(columns[0], columns[input.held]);
    report.fields[f].alone_auc = value;
    if (!(value > kStrong) || !field.input) continue;
    const std::string what = fmt::format("{}alone ranks the rows of {} with AUC {:.4f}{}",
                                         field.is_list() ? "its length " : "", report.held_out,
                                         value, value > 1 - 1e-12 ? ": it tells the label" : "");
    report.findings.push_back(
        {value > kLeak ? Verdict::problem : Verdict::warning, "leak", field.name, what,
         "ask whether it is known before the click; if not, leave the column out"});
  }
}

}  // namespace ctr
