// Rows that stand in the data more than once.

#include "engine/check.h"
#include "tools/lint/checks.h"

namespace ctr {
namespace {

constexpr double kManyRepeated = 0.01;  // of the split's rows

}  // namespace

void check_duplicates(const LintInput& input, const Duplicates& duplicates, LintReport& report) {
  for (size_t s = 0; s < kSplitNames.size(); ++s) {
    const int64_t rows = input.profile.rows[s];
    if (const int64_t within = duplicates.within[s]; within > 0) {
      report.findings.push_back(
          {share(within, rows) > kManyRepeated ? Verdict::warning : Verdict::info, "duplicates",
           kSplitNames[s],
           fmt::format("{} of {} rows repeat an earlier row ({:.2f} %)", within, rows,
                       100 * share(within, rows)),
           "remove them, unless each is an impression of its own"});
    }
    if (const int64_t crossing = duplicates.in_train[s]; crossing > 0) {
      report.findings.push_back(
          {share(crossing, rows) > kManyRepeated ? Verdict::warning : Verdict::info, "duplicates",
           std::string(kSplitNames[s]) + " and train",
           fmt::format("{} of {} rows also stand in train with the same label ({:.2f} %)", crossing,
                       rows, 100 * share(crossing, rows)),
           "a model may score them by memory; remove them from one split"});
    }
  }
  if (duplicates.conflicting > 0) {
    report.findings.push_back(
        {Verdict::info, "duplicates", "train",
         fmt::format("{} combinations of values occur with a click and without one",
                     duplicates.conflicting),
         ""});
  }
}

}  // namespace ctr
