#pragma once
// The area under the ROC curve: the share of (click, no click) pairs that the scores put in order.
// A label above ½ is a click. Sources and definitions: docs/metrics.md.

#include <cstdint>
#include <span>
#include <vector>

namespace ctr {

// Scores by class, each class in ascending order. Throws kind data when a score is NaN, or when
// there are not as many labels as scores.
struct SortedScores {
  SortedScores(std::span<const double> score, std::span<const double> label);

  std::vector<double> clicks;
  std::vector<double> others;
};

// Exact: ties count ½. NaN when a class is missing. One sort: O(n log n).
double auc(std::span<const double> score, std::span<const double> label);
double auc(const SortedScores& sorted);

// The AUC of TensorFlow 1 with 500 thresholds: trapezoids between t_0 < 0, t_i = i / 499 and
// t_499 > 1, so that clicks and others within one step of 1/499 count as ties. Scores must be
// probabilities: it is no function of their order alone. NaN when a class is missing.
double auc500(std::span<const double> probability, std::span<const double> label);

}  // namespace ctr
