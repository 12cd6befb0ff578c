#pragma once
// How far up clicked rows stand among the others of their group (user): HR, MRR and NDCG at k.

#include <cstdint>
#include <span>
#include <vector>

namespace ctr {

// Means over the clicks (rows with a label above ½) of groups that have other rows too. The place
// of a click is the number of its group's other rows that are scored as high or higher: of equal
// scores the click stands last. Other clicks of the group do not count.
//   HR@k = [place < k]   MRR@k = [place < k] / (place + 1)   NDCG@k = [place < k] / log2(place + 2)
struct RankingAt {
  int64_t k = 0;
  double hit_rate = 0, mrr = 0, ndcg = 0;  // NaN without such clicks
};
struct Ranking {
  std::vector<RankingAt> at;
  int64_t clicks = 0;
};
// Of the places themselves.
Ranking rank_places(std::span<const int64_t> places, std::span<const int64_t> ks);
// Ids of groups lie in [0, groups); throws kind data when one does not.
Ranking rank_within_groups(std::span<const double> score, std::span<const double> label,
                           std::span<const int64_t> group, int64_t groups,
                           std::span<const int64_t> ks);

}  // namespace ctr
