#pragma once
// Batch norm over the last axis, where channels are columns: two passes over memory forward beside
// the statistics, none of them kept.

#include "ops/norm/norm.h"

namespace ctr {

// What normalise_columns does beyond x̂.
struct ColumnNorm {
  Var gate, gamma, beta;  // [C] or undefined: 1, 1, 0
  double epsilon = 1e-5;
  bool of_batch = true;  // the statistics are those of x, and the gradient runs through them
};

// y = γ g (x − μ) / √(g² σ² + ε) + β per column of x [.., C].
Var normalise_columns(const Var& x, const ColumnStatistics& statistics, const ColumnNorm& norm);

// running ← (1 − m) running + m batch for a batch of `count` rows, of g x where a gate is given.
void move_running(RunningStatistics& running, const ColumnStatistics& batch, int64_t count,
                  const Tensor& gate = {});

}  // namespace ctr
