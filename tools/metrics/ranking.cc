#include "tools/metrics/ranking.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tools/metrics/group_auc.h"

namespace ctr {
namespace {

void add(int64_t place, std::vector<RankingAt>& at) {
  const auto p = static_cast<double>(place);
  for (RankingAt& one : at) {
    if (place >= one.k) continue;
    one.hit_rate += 1;
    one.mrr += 1 / (p + 1);
    one.ndcg += 1 / std::log2(p + 2);
  }
}

}  // namespace

Ranking rank_within_groups(std::span<const double> score, std::span<const double> label,
                           std::span<const int64_t> group, int64_t groups,
                           std::span<const int64_t> ks) {
  std::vector<int64_t> places;
  const RowsByGroup grouped(group, groups);
  std::vector<double> others;  // scores of a group's rows that are no clicks
  for (int64_t g = 0; g < groups; ++g) {
    others.clear();
    for (int64_t row : grouped.rows(g))
      if (label[static_cast<size_t>(row)] <= 0.5) others.push_back(score[static_cast<size_t>(row)]);
    if (others.empty()) continue;
    std::sort(others.begin(), others.end());
    for (int64_t row : grouped.rows(g)) {
      if (label[static_cast<size_t>(row)] <= 0.5) continue;
      const auto first =
          std::lower_bound(others.begin(), others.end(), score[static_cast<size_t>(row)]);
      places.push_back(others.end() - first);
    }
  }
  return rank_places(places, ks);
}

Ranking rank_places(std::span<const int64_t> places, std::span<const int64_t> ks) {
  Ranking result;
  for (int64_t k : ks) result.at.push_back({k, 0, 0, 0});
  for (int64_t place : places) add(place, result.at);
  result.clicks = std::ssize(places);
  const double count = result.clicks > 0 ? static_cast<double>(result.clicks)
                                         : std::numeric_limits<double>::quiet_NaN();
  for (RankingAt& one : result.at) {
    one.hit_rate /= count;
    one.mrr /= count;
    one.ndcg /= count;
  }
  return result;
}

}  // namespace ctr
