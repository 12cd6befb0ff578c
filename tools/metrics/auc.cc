#include "tools/metrics/auc.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "engine/check.h"

namespace ctr {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

}  // namespace

SortedScores::SortedScores(std::span<const double> score, std::span<const double> label) {
  CTR_CHECK_DATA(score.size() == label.size(), "auc: {} scores need as many labels, got {}",
                 score.size(), label.size());
  for (size_t i = 0; i < score.size(); ++i) {
    CTR_CHECK_DATA(!std::isnan(score[i]),
                   "auc: scores must be numbers, row {} has NaN; weights or inputs overflowed, "
                   "train with a lower --learning-rate or scaled numbers",
                   i);
    (label[i] > 0.5 ? clicks : others).push_back(score[i]);
  }
  std::sort(clicks.begin(), clicks.end());
  std::sort(others.begin(), others.end());
}

double auc(const SortedScores& sorted) {
  const std::vector<double>&clicks = sorted.clicks, &others = sorted.others;
  if (clicks.empty() || others.empty()) return kNaN;
  // Twice the pairs in order: whole numbers, below 2^64 up to 3e9 rows of each class.
  uint64_t twice = 0;
  size_t below = 0, not_above = 0;  // others < the click, others <= the click
  for (double click : clicks) {
    while (below < others.size() && others[below] < click) ++below;
    not_above = std::max(not_above, below);
    while (not_above < others.size() && others[not_above] == click) ++not_above;
    twice += below + not_above;
  }
  return static_cast<double>(twice) / 2 / static_cast<double>(clicks.size()) /
         static_cast<double>(others.size());
}

double auc(std::span<const double> score, std::span<const double> label) {
  return auc(SortedScores(score, label));
}

double auc500(std::span<const double> probability, std::span<const double> label) {
  CTR_CHECK_DATA(probability.size() == label.size(),
                 "auc500: {} probabilities need as many labels, got {}", probability.size(),
                 label.size());
  constexpr int kThresholds = 500;
  std::array<double, kThresholds> threshold{};
  threshold.front() = -1e-7;
  for (int i = 1; i < kThresholds - 1; ++i)
    threshold[static_cast<size_t>(i)] = i / (kThresholds - 1.0);
  threshold.back() = 1 + 1e-7;
  // Rows by how many thresholds their probability exceeds, then counts above each threshold.
  std::array<double, kThresholds + 1> clicks{}, others{};
  for (size_t i = 0; i < probability.size(); ++i) {
    const double p = probability[i];
    CTR_CHECK_DATA(p >= 0 && p <= 1, "auc500: row {} has {}, which is no probability", i, p);
    const auto exceeded = static_cast<size_t>(
        std::lower_bound(threshold.begin(), threshold.end(), p) - threshold.begin());
    (label[i] > 0.5 ? clicks : others)[exceeded] += 1;
  }
  for (size_t i = kThresholds; i-- > 0;) {
    clicks[i] += clicks[i + 1];
    others[i] += others[i + 1];
  }
  if (clicks[0] == 0 || others[0] == 0) return kNaN;
  double area = 0;  // clicks[i + 1]: clicks above threshold i
  for (size_t i = 0; i + 1 < kThresholds; ++i)
    area += (others[i + 1] - others[i + 2]) * (clicks[i + 1] + clicks[i + 2]) / 2;
  return area / clicks[0] / others[0];
}

}  // namespace ctr
