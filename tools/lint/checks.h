#pragma once
// The parts of lint(): each fills its share of the report.

#include "tools/lint/duplicates.h"
#include "tools/lint/lint.h"
#include "tools/lint/profile.h"

namespace ctr {

// What the checks look at.
struct LintInput {
  const Dataset& data;
  const DataProfile& profile;
  size_t held = 0;  // the split that checks score: test, or valid where test is empty; 0: neither
};

inline double share(int64_t part, int64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

void check_duplicates(const LintInput& input, const Duplicates& duplicates, LintReport& report);
// Constant columns, missing and unseen values, rare tokens.
void check_columns(const LintInput& input, LintReport& report);
// Columns that tell the label alone.
void check_leaks(const LintInput& input, LintReport& report);
void check_drift(const LintInput& input, LintReport& report);
// Empty and one-class splits and domains; click rates that differ between splits.
void check_labels(const LintInput& input, LintReport& report);
void check_vectors(const LintInput& input, LintReport& report);
// Fills the popularity baseline. Memory: 40 bytes a distinct (domain, item) pair.
void check_popularity(const LintInput& input, LintReport& report);

}  // namespace ctr
