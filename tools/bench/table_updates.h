#pragma once
// What an optimizer step on large tables costs, by the way in which their rows are updated.

#include <cstdint>
#include <string>

namespace ctr {

struct TableUpdateOptions {
  int64_t fields = 39;
  int64_t rows = 20'000'000;  // of all tables together
  int64_t width = 16;
  int64_t batch_size = 4096;
  double lambda = 0;  // of ½ λ ‖w‖²
  int64_t seed = 1;
};

struct TableUpdateReport {
  std::string update;
  int64_t steps = 0;
  double step_ms = 0;   // look-up, backward, norm and update; mean
  double flush_ms = 0;  // all rows caught up once, after the steps
  double with_flush_ms() const { return step_ms + flush_ms / static_cast<double>(steps); }
};

// Adam on tables of weights and state as training leaves them, ids floor(n u⁴), new ones in each
// step; three steps to warm up are not counted.
TableUpdateReport bench_table_updates(const TableUpdateOptions& options, const std::string& update,
                                      int64_t steps);

}  // namespace ctr
