#include "tools/metrics/group_auc.h"

#include <cmath>
#include <limits>

#include "engine/check.h"
#include "tools/metrics/auc.h"

namespace ctr {

RowsByGroup::RowsByGroup(std::span<const int64_t> group, int64_t groups)
    : begin(static_cast<size_t>(groups) + 1), order(group.size()) {
  for (size_t i = 0; i < group.size(); ++i) {
    CTR_CHECK_DATA(group[i] >= 0 && group[i] < groups,
                   "group_auc: row {} is of group {}, ids must lie in [0, {})", i, group[i],
                   groups);
    ++begin[static_cast<size_t>(group[i]) + 1];
  }
  for (size_t g = 1; g < begin.size(); ++g) begin[g] += begin[g - 1];
  std::vector<int64_t> next(begin.begin(), begin.end() - 1);
  for (size_t i = 0; i < group.size(); ++i) {
    int64_t& place = next[static_cast<size_t>(group[i])];
    order[static_cast<size_t>(place++)] = static_cast<int64_t>(i);
  }
}

std::span<const int64_t> RowsByGroup::rows(int64_t group) const {
  const auto g = static_cast<size_t>(group);
  return std::span(order).subspan(static_cast<size_t>(begin[g]),
                                  static_cast<size_t>(begin[g + 1] - begin[g]));
}

GroupAuc group_auc(std::span<const double> score, std::span<const double> label,
                   std::span<const int64_t> group, int64_t groups) {
  CTR_CHECK_DATA(score.size() == label.size() && score.size() == group.size(),
                 "group_auc: {} scores need as many labels and groups, got {} and {}", score.size(),
                 label.size(), group.size());
  const RowsByGroup grouped(group, groups);
  GroupAuc result;
  double mean = 0, weighted = 0, counted_rows = 0;
  std::vector<double> scores, labels;
  for (int64_t g = 0; g < groups; ++g) {
    scores.clear();
    labels.clear();
    int64_t clicks = 0;
    for (int64_t row : grouped.rows(g)) {
      scores.push_back(score[static_cast<size_t>(row)]);
      labels.push_back(label[static_cast<size_t>(row)]);
      clicks += labels.back() > 0.5 ? 1 : 0;
    }
    const double value = auc(scores, labels);
    const auto rows = static_cast<double>(scores.size());
    result.by_group.push_back(value);
    result.rows.push_back(static_cast<int64_t>(scores.size()));
    result.clicks.push_back(clicks);
    if (std::isnan(value)) {
      if (!scores.empty()) result.left_out.push_back(g);
      continue;
    }
    ++result.counted;
    mean += value;
    weighted += rows * value;
    counted_rows += rows;
  }
  result.mean = mean / static_cast<double>(result.counted);  // 0 / 0 is NaN
  result.weighted = weighted / counted_rows;
  return result;
}

}  // namespace ctr
