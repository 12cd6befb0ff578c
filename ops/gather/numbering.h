#pragma once

#include <algorithm>
#include <bit>

#include "engine/tensor.h"

namespace ctr {

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

}  // namespace ctr
