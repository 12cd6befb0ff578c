#include "io/row_order.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "engine/rng.h"

namespace ctr {
namespace {

constexpr uint64_t kBlockStream = 0xB10C;
constexpr uint64_t kRowStream = 0x5AFF;

}  // namespace

RowOrder::RowOrder(int64_t rows, int64_t rows_per_block, const RowOrderOptions& options)
    : rows_(rows), rows_per_block_(std::max<int64_t>(1, rows_per_block)), options_(options) {
  if (!options.shuffle) return;
  blocks_.resize(static_cast<size_t>((rows + rows_per_block_ - 1) / rows_per_block_));
  std::iota(blocks_.begin(), blocks_.end(), int64_t{0});
  shuffle(std::span(blocks_), {options.seed, kBlockStream, options.epoch});
  int64_t place = 0;
  for (size_t b = 0; b < blocks_.size(); ++b) {
    const int64_t size = std::min(rows_per_block_, rows - blocks_[b] * rows_per_block_);
    if (first_place_.empty() || place + size - first_place_.back() > options.window_rows) {
      first_block_.push_back(static_cast<int64_t>(b));
      first_place_.push_back(place);
    }
    place += size;
  }
  first_block_.push_back(static_cast<int64_t>(blocks_.size()));
  first_place_.push_back(place);
}

std::vector<int64_t> RowOrder::rows_at(int64_t begin, int64_t end) const {
  std::vector<int64_t> result(static_cast<size_t>(end - begin));
  if (!options_.shuffle) {
    std::iota(result.begin(), result.end(), begin);
    return result;
  }
  for (int64_t at = begin; at < end;) {
    const auto after = std::upper_bound(first_place_.begin(), first_place_.end(), at);
    const int64_t index = after - first_place_.begin() - 1;
    const int64_t first = first_place_[static_cast<size_t>(index)];
    const int64_t last = std::min(end, *after);
    const Window rows = window(index);
    std::copy(rows->begin() + (at - first), rows->begin() + (last - first),
              result.begin() + (at - begin));
    at = last;
  }
  return result;
}

RowOrder::Window RowOrder::window(int64_t index) const {
  std::lock_guard lock(mutex_);
  const auto slot = static_cast<size_t>(index % 2);
  if (cached_index_[slot] != index) {
    cached_[slot] = std::make_shared<const std::vector<int64_t>>(shuffled_window(index));
    cached_index_[slot] = index;
  }
  return cached_[slot];
}

std::vector<int64_t> RowOrder::shuffled_window(int64_t index) const {
  const auto w = static_cast<size_t>(index);
  std::vector<int64_t> rows;
  rows.reserve(static_cast<size_t>(first_place_[w + 1] - first_place_[w]));
  for (int64_t b = first_block_[w]; b < first_block_[w + 1]; ++b) {
    const int64_t begin = blocks_[static_cast<size_t>(b)] * rows_per_block_;
    for (int64_t row = begin; row < std::min(rows_, begin + rows_per_block_); ++row)
      rows.push_back(row);
  }
  shuffle(std::span(rows),
          {options_.seed, kRowStream + (static_cast<uint64_t>(index) << 16), options_.epoch});
  return rows;
}

}  // namespace ctr
