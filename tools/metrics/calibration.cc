#include "tools/metrics/calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace ctr {

double log_loss(std::span<const double> probability, std::span<const double> label) {
  double sum = 0;
  for (size_t i = 0; i < probability.size(); ++i) {
    const double p = std::clamp(probability[i], 1e-7, 1 - 1e-7);
    sum -= label[i] * std::log(p) + (1 - label[i]) * std::log(1 - p);
  }
  return sum / static_cast<double>(probability.size());
}

double pcoc(std::span<const double> probability, std::span<const double> label) {
  const double clicks = std::accumulate(label.begin(), label.end(), 0.0);
  if (clicks == 0) return std::numeric_limits<double>::quiet_NaN();
  return std::accumulate(probability.begin(), probability.end(), 0.0) / clicks;
}

}  // namespace ctr
