#pragma once
// How sure an AUC is. DeLong, DeLong, Clarke-Pearson: Comparing the areas under two or more
// correlated receiver operating characteristic curves, Biometrics 44, 1988; in O(n log n) as by
// Sun, Xu: Fast implementation of DeLong's algorithm, IEEE Signal Processing Letters 21, 2014.
//
// Rows are taken as independent draws: where users bring many rows each, `bootstrap` over users
// (bootstrap.h) gives wider, more honest intervals.

#include <span>

namespace ctr {

struct Interval {
  double low = 0;
  double high = 0;
  double standard_error = 0;
};

// The normal interval of `value`, cut to [least, most]; NaN stays NaN.
Interval normal_interval(double value, double variance, double confidence, double least,
                         double most);

struct AucEstimate {
  double auc = 0;       // exact, ties count ½
  double variance = 0;  // NaN with fewer than two rows of a class
  Interval interval;
};
AucEstimate delong(std::span<const double> score, std::span<const double> label,
                   double confidence = 0.95);

// Two models on the same rows.
struct AucComparison {
  double first = 0;
  double second = 0;
  double difference = 0;  // first − second
  Interval interval;      // of the difference
  double z = 0;           // difference / standard error; 0 when both are 0
  double p_value = 1;     // two-sided: of such a difference when the models are equally good
};
AucComparison compare_auc(std::span<const double> first, std::span<const double> second,
                          std::span<const double> label, double confidence = 0.95);

}  // namespace ctr
