#pragma once
// AUC within groups of rows (domains, users) and its averages: mean AUC and WAUC over domains, GAUC
// over users (Zhu et al., Optimized Cost per Click in Taobao Display Advertising, KDD 2017).

#include <cstdint>
#include <span>
#include <vector>

namespace ctr {

// Rows sorted by group, in their order within each.
struct RowsByGroup {
  // Ids lie in [0, groups); throws kind data when one does not.
  RowsByGroup(std::span<const int64_t> group, int64_t groups);

  int64_t groups() const { return static_cast<int64_t>(begin.size()) - 1; }
  std::span<const int64_t> rows(int64_t group) const;

  std::vector<int64_t> begin;  // [groups + 1]: where each group's rows begin in `order`
  std::vector<int64_t> order;  // row numbers
};

// Groups with one class have no AUC: they are left out of both averages and counted.
struct GroupAuc {
  std::vector<double> by_group;     // [groups]; NaN where left out
  std::vector<int64_t> rows;        // [groups]
  std::vector<int64_t> clicks;      // [groups]: rows with a label above ½
  double mean = 0;                  // plain; NaN when no group is left
  double weighted = 0;              // by rows; NaN when no group is left
  int64_t counted = 0;              // groups in the averages
  std::vector<int64_t> left_out{};  // groups with rows, but of one class
};
GroupAuc group_auc(std::span<const double> score, std::span<const double> label,
                   std::span<const int64_t> group, int64_t groups);

}  // namespace ctr
