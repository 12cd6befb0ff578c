#pragma once
// Batches of a split, made ahead of the training step on threads of their own.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "io/dataset.h"

namespace ctr {

struct LoaderOptions {
  int64_t batch_size = 1024;
  bool shuffle = false;
  uint64_t seed = 0;
  uint32_t epoch = 0;       // the order is a function of (seed, epoch)
  int64_t first_batch = 0;  // of a resumed epoch
  int64_t workers = 1;      // threads; 0: batches are made by next() itself
  int64_t ahead = 4;        // most batches that wait
  // Rows are drawn from a window of whole blocks; blocks come in random order. A set of at most
  // this many rows is shuffled as a whole; a larger one needs memory for one window alone.
  int64_t window_rows = int64_t{1} << 22;
  // These of the rows that are read of the split, which must outlive the loader; none given: all.
  std::optional<std::span<const uint32_t>> rows = {};
};

// Gives the same batches in the same order for any number of workers. An error of a worker
// (a corrupt block) is thrown by next().
class BatchLoader {
 public:
  // `data` must outlive the loader.
  BatchLoader(const Dataset& data, Split split, const LoaderOptions& options);
  ~BatchLoader();
  BatchLoader(const BatchLoader&) = delete;
  BatchLoader& operator=(const BatchLoader&) = delete;

  // Batches of the whole epoch, the last one short.
  int64_t batches() const;
  // False at the end of the epoch.
  bool next(Batch& batch);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ctr
