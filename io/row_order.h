#pragma once
// The order in which an epoch reads the rows of a split.

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace ctr {

// A permutation of [0, rows) that is a function of (seed, epoch). Blocks come in random order; as
// many as hold `window_rows` rows form a window, whose rows are shuffled (Fisher and Yates). A set
// within one window is shuffled as a whole; a larger one is read a window at a time.
struct RowOrderOptions {
  bool shuffle = false;
  uint64_t seed = 0;
  uint32_t epoch = 0;
  int64_t window_rows = int64_t{1} << 22;
};

class RowOrder {
 public:
  RowOrder(int64_t rows, int64_t rows_per_block, const RowOrderOptions& options);

  // Rows at places [begin, end) of the order. Thread-safe.
  std::vector<int64_t> rows_at(int64_t begin, int64_t end) const;

 private:
  using Window = std::shared_ptr<const std::vector<int64_t>>;
  Window window(int64_t index) const;
  std::vector<int64_t> shuffled_window(int64_t index) const;

  int64_t rows_;
  int64_t rows_per_block_;
  RowOrderOptions options_;
  std::vector<int64_t> blocks_;       // in random order
  std::vector<int64_t> first_block_;  // of each window, in blocks_; one more at the end
  std::vector<int64_t> first_place_;  // of each window; one more at the end
  mutable std::mutex mutex_;
  mutable int64_t cached_index_[2] = {-1, -1};  // the two windows last used
  mutable Window cached_[2];
};

}  // namespace ctr
