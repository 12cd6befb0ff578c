#include "tools/metrics/paired.h"

#include <cmath>
#include <limits>
#include <numbers>

#include "engine/check.h"

namespace ctr {

double student_within(double t, int64_t freedom) {
  CTR_CHECK(freedom >= 1, "student: degrees of freedom begin at 1, got {}", freedom);
  const double angle = std::atan(t / std::sqrt(static_cast<double>(freedom)));
  const double sine = std::sin(angle), cosine = std::cos(angle);
  const bool odd = freedom % 2 == 1;
  // Σ of cos^k with coefficients 1, 1/2, 1·3/2·4 … (even) or cos, 2/3 cos³ … (odd).
  double term = odd ? cosine : 1, sum = 0;
  for (int64_t k = odd ? 1 : 0; k <= freedom - 2; k += 2) {
    sum += term;
    term *= cosine * cosine * static_cast<double>(k + 1) / static_cast<double>(k + 2);
  }
  return odd ? 2 / std::numbers::pi * (angle + sine * sum) : sine * sum;
}

double student_quantile(double confidence, int64_t freedom) {
  CTR_CHECK(confidence > 0 && confidence < 1, "student: confidence must be between 0 and 1, got {}",
            confidence);
  double low = 0, high = 1;
  while (student_within(high, freedom) < confidence) high *= 2;
  for (int i = 0; i < 200 && low < high; ++i) {
    const double middle = low + (high - low) / 2;
    (student_within(middle, freedom) < confidence ? low : high) = middle;
  }
  return high;
}

PairedDifference paired_difference(std::span<const double> first, std::span<const double> second,
                                   double confidence) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  CTR_ASSERT(first.size() == second.size());
  PairedDifference result{0, 0, kNone, {kNone, kNone, kNone}};
  double sum = 0, squares = 0;
  for (size_t i = 0; i < first.size(); ++i) {
    const double difference = first[i] - second[i];
    if (std::isnan(difference)) continue;
    ++result.pairs;
    sum += difference;
  }
  const auto n = static_cast<double>(result.pairs);
  result.mean = result.pairs == 0 ? kNone : sum / n;
  if (result.pairs < 2) return result;
  for (size_t i = 0; i < first.size(); ++i) {
    const double off = first[i] - second[i] - result.mean;
    if (!std::isnan(off)) squares += off * off;
  }
  result.deviation = std::sqrt(squares / (n - 1));
  const double error = result.deviation / std::sqrt(n);
  const double half = student_quantile(confidence, result.pairs - 1) * error;
  result.interval = {result.mean - half, result.mean + half, error};
  return result;
}

}  // namespace ctr
