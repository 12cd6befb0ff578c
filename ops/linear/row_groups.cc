#include "ops/linear/row_groups.h"

#include <algorithm>
#include <bit>

#include "engine/check.h"

namespace ctr {
namespace {

// Numbers distinct keys in order of appearance: open addressing, at most half full.
class Numbering {
 public:
  explicit Numbering(int64_t most)
      : mask_(std::bit_ceil(static_cast<uint64_t>(2 * most + 2)) - 1),
        keys_({static_cast<int64_t>(mask_) + 1}, DType::i64),
        numbers_({static_cast<int64_t>(mask_) + 1}, DType::i64) {
    std::fill_n(numbers_.data<int64_t>(), numbers_.count(), -1);
  }

  int64_t number_of(uint64_t key) {
    auto* keys = keys_.data<int64_t>();
    auto* numbers = numbers_.data<int64_t>();
    uint64_t at = (key ^ key >> 29) * 0x9E3779B97F4A7C15u >> 20 & mask_;
    while (numbers[at] >= 0 && static_cast<uint64_t>(keys[at]) != key) at = (at + 1) & mask_;
    if (numbers[at] < 0) {
      keys[at] = static_cast<int64_t>(key);
      numbers[at] = count_++;
    }
    return numbers[at];
  }
  int64_t count() const { return count_; }

 private:
  uint64_t mask_;
  Tensor keys_, numbers_;
  int64_t count_ = 0;
};

}  // namespace

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
