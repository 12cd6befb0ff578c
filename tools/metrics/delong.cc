#include "tools/metrics/delong.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "engine/check.h"
#include "engine/rng.h"
#include "tools/metrics/auc.h"

namespace ctr {
namespace {

// For each row, the share of the other class's rows that it beats, ties ½ (a click beats those
// below, another row those above). Sun and Xu read them off differences of midranks; counting in
// the other class's sorted scores gives the same numbers.
struct Placements {
  double auc;
  std::vector<double> clicks;  // in row order
  std::vector<double> others;
};

double share_below(const std::vector<double>& sorted, double value) {
  const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), value);
  return static_cast<double>((first - sorted.begin()) + (last - sorted.begin())) / 2 /
         static_cast<double>(sorted.size());
}

Placements placements(std::span<const double> score, std::span<const double> label) {
  const SortedScores sorted(score, label);
  Placements result{auc(sorted), {}, {}};
  for (size_t i = 0; i < score.size(); ++i) {
    if (label[i] > 0.5) {
      result.clicks.push_back(share_below(sorted.others, score[i]));
    } else {
      result.others.push_back(1 - share_below(sorted.clicks, score[i]));
    }
  }
  return result;
}

double mean(const std::vector<double>& x) {
  double sum = 0;
  for (double value : x) sum += value;
  return sum / static_cast<double>(x.size());
}

double covariance(const std::vector<double>& x, const std::vector<double>& y) {
  const double mean_x = mean(x), mean_y = mean(y);
  double sum = 0;
  for (size_t i = 0; i < x.size(); ++i) sum += (x[i] - mean_x) * (y[i] - mean_y);
  return sum / (static_cast<double>(x.size()) - 1);
}

// Of two AUCs: S10 / m + S01 / n.
double covariance(const Placements& a, const Placements& b) {
  if (a.clicks.size() < 2 || a.others.size() < 2) return std::numeric_limits<double>::quiet_NaN();
  return covariance(a.clicks, b.clicks) / static_cast<double>(a.clicks.size()) +
         covariance(a.others, b.others) / static_cast<double>(a.others.size());
}

}  // namespace

Interval normal_interval(double value, double variance, double confidence, double least,
                         double most) {
  CTR_CHECK(confidence > 0 && confidence < 1,
            "interval: the confidence must lie between 0 and 1, got {}", confidence);
  const double error = std::sqrt(variance);
  if (std::isnan(value) || std::isnan(error)) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    return {nan, nan, nan};
  }
  const double half = normal_quantile((1 + confidence) / 2) * error;
  return {std::max(value - half, least), std::min(value + half, most), error};
}

AucEstimate delong(std::span<const double> score, std::span<const double> label,
                   double confidence) {
  const Placements placed = placements(score, label);
  AucEstimate result;
  result.auc = placed.auc;
  result.variance = covariance(placed, placed);
  result.interval = normal_interval(result.auc, result.variance, confidence, 0, 1);
  return result;
}

AucComparison compare_auc(std::span<const double> first, std::span<const double> second,
                          std::span<const double> label, double confidence) {
  CTR_CHECK_DATA(first.size() == second.size(),
                 "compare_auc: both models must score the same rows, got {} and {}", first.size(),
                 second.size());
  const Placements a = placements(first, label), b = placements(second, label);
  AucComparison result;
  result.first = a.auc;
  result.second = b.auc;
  result.difference = result.first - result.second;
  // Rounding must not make a variance of nothing negative.
  const double variance = covariance(a, a) + covariance(b, b) - 2 * covariance(a, b);
  const double kept = std::isnan(variance) ? variance : std::max(variance, 0.0);
  result.interval = normal_interval(result.difference, kept, confidence, -1, 1);
  result.z = result.difference == 0 ? 0 : result.difference / result.interval.standard_error;
  result.p_value = std::erfc(std::abs(result.z) / std::sqrt(2.0));
  return result;
}

}  // namespace ctr
