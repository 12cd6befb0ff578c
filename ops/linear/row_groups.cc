#include "ops/linear/row_groups.h"

#include "engine/check.h"
#include "ops/gather/numbering.h"

namespace ctr {

RowGroups group_rows(const Tensor& of, int64_t groups) {
  const int64_t count = of.count();
  const auto* group = of.data<int64_t>();
  RowGroups result{of, Tensor({count}, DType::i64), Tensor::zeros({groups + 1}, DType::i64)};
  auto* begin = result.begin.data<int64_t>();
  for (int64_t row = 0; row < count; ++row) {
    CTR_CHECK_DATA(group[row] >= 0 && group[row] < groups,
                   "groups: row {} is of group {}, expected one in [0, {})", row, group[row],
                   groups);
    ++begin[group[row] + 1];
  }
  for (int64_t g = 0; g < groups; ++g) begin[g + 1] += begin[g];
  Tensor next = result.begin.clone();
  auto* place = next.data<int64_t>();
  auto* rows = result.rows.data<int64_t>();
  for (int64_t row = 0; row < count; ++row) rows[place[group[row]]++] = row;
  return result;
}

RowGroups group_by_ids(std::span<const Tensor> ids, int64_t multiple) {
  CTR_ASSERT(!ids.empty() && multiple > 0);
  const int64_t rows = ids[0].count();
  Tensor of = Tensor::zeros({rows}, DType::i64);
  auto* group = of.data<int64_t>();
  int64_t count = 0;
  for (const Tensor& field : ids) {  // (groups so far, id) → group
    CTR_ASSERT(field.count() == rows);
    const auto* id = field.data<int64_t>();
    Numbering numbering(rows);
    for (int64_t row = 0; row < rows; ++row)
      group[row] = numbering.number_of(static_cast<uint64_t>(group[row]) << 32 |
                                       static_cast<uint64_t>(id[row]));
    count = numbering.count();
  }
  return group_rows(of, (count + multiple - 1) / multiple * multiple);
}

}  // namespace ctr
