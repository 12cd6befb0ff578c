#include "tools/metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace ctr {

double auc(std::span<const double> score, std::span<const double> label) {
  std::vector<size_t> order(score.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return score[a] < score[b]; });
  double pairs = 0, positives = 0, negatives = 0;
  for (size_t begin = 0; begin < order.size();) {
    size_t end = begin;
    double tied_positives = 0, tied_negatives = 0;
    for (; end < order.size() && score[order[end]] == score[order[begin]]; ++end) {
      (label[order[end]] > 0.5 ? tied_positives : tied_negatives) += 1;
    }
    pairs += tied_positives * (negatives + 0.5 * tied_negatives);
    positives += tied_positives;
    negatives += tied_negatives;
    begin = end;
  }
  if (positives == 0 || negatives == 0) return std::numeric_limits<double>::quiet_NaN();
  return pairs / (positives * negatives);
}

double log_loss(std::span<const double> probability, std::span<const double> label) {
  double sum = 0;
  for (size_t i = 0; i < probability.size(); ++i) {
    double p = std::clamp(probability[i], 1e-7, 1 - 1e-7);
    sum -= label[i] * std::log(p) + (1 - label[i]) * std::log(1 - p);
  }
  return sum / static_cast<double>(probability.size());
}

GroupAuc group_auc(std::span<const double> score, std::span<const double> label,
                   std::span<const int64_t> group, int64_t groups) {
  std::vector<std::vector<double>> scores(static_cast<size_t>(groups)),
      labels(static_cast<size_t>(groups));
  for (size_t i = 0; i < score.size(); ++i) {
    scores[static_cast<size_t>(group[i])].push_back(score[i]);
    labels[static_cast<size_t>(group[i])].push_back(label[i]);
  }
  GroupAuc result;
  double count = 0, rows = 0;
  for (size_t g = 0; g < scores.size(); ++g) {
    double value = auc(scores[g], labels[g]);
    result.by_group.push_back(value);
    if (std::isnan(value)) continue;
    auto size = static_cast<double>(scores[g].size());
    result.mean += value;
    result.weighted += size * value;
    count += 1;
    rows += size;
  }
  result.mean /= count;
  result.weighted /= rows;
  return result;
}

Metrics measure(std::span<const double> probability, std::span<const double> label,
                std::span<const int64_t> domain, int64_t domains) {
  GroupAuc groups = group_auc(probability, label, domain, domains);
  double predicted = std::accumulate(probability.begin(), probability.end(), 0.0);
  double clicks = std::accumulate(label.begin(), label.end(), 0.0);
  return {auc(probability, label), log_loss(probability, label), groups.mean,
          groups.weighted,         predicted / clicks,           groups.by_group};
}

}  // namespace ctr
