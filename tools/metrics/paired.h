#pragma once
// Differences between two ways of training, seed by seed.

#include <cstdint>
#include <span>

#include "tools/metrics/delong.h"

namespace ctr {

// P(|T| ≤ t) of Student's distribution, for a whole number of degrees of freedom (Abramowitz,
// Stegun: Handbook of Mathematical Functions, 1964, 26.7.3 and 26.7.4). Exact up to rounding.
double student_within(double t, int64_t freedom);
// The t below which that is `confidence`, 0 to 1 without the ends.
double student_quantile(double confidence, int64_t freedom);

// first − second over pairs. The mean difference ± t_{n−1} s / √n (Student's interval of paired
// samples): how far it would move with other seeds. The test rows are the same for all seeds, so
// that other rows would move it too: `evaluate RUN RUN` has DeLong's test for that.
struct PairedDifference {
  int64_t pairs = 0;     // without those where a value is NaN
  double mean = 0;       // NaN without pairs
  double deviation = 0;  // of the sample (n − 1); NaN, like the interval, with one pair
  Interval interval = {};

  // 0 lies outside the interval.
  bool clear() const { return interval.low > 0 || interval.high < 0; }
};
PairedDifference paired_difference(std::span<const double> first, std::span<const double> second,
                                   double confidence = 0.95);

}  // namespace ctr
