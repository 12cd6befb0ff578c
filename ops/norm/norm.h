#pragma once
// Normalisation.

#include "autograd/tape.h"

namespace ctr {

// y = γ (x − μ) / √(σ² + ε) + β, μ and biased σ² over the last axis of x (Ba, Kiros, Hinton, 2016).
// x [.., D] → its shape; γ, β [D]. With `groups` G the last axis is cut into G equal parts, each
// normalised by itself (MaskNet's fields).
Var layer_norm(const Var& x, const Var& gamma, const Var& beta, double epsilon = 1e-5,
               int64_t groups = 1);

// Statistics that batch norm keeps for evaluation, and how: running ← (1 − momentum) running +
// momentum · batch, with the unbiased variance.
struct RunningStatistics {
  Tensor mean, variance;  // [C]
  double momentum = 0.1;
};

// Mean and biased variance of the columns of x [.., C].
struct ColumnStatistics {
  Tensor mean, variance;  // [C]
};
ColumnStatistics column_statistics(const Tensor& x);

struct BatchNormOptions {
  double epsilon = 1e-5;
  int axis = -1;  // of the channels
};

// y = γ (x − μ_c) / √(σ_c² + ε) + β per channel c (Ioffe and Szegedy, ICML 2015); γ, β [C] or both
// undefined. In training μ and biased σ² are the batch's, over all axes but the channels', and
// `running` (may be null) moves; the gradient runs through them. Throws on a training batch of one
// value per channel.
Var batch_norm(const Var& x, const Var& gamma, const Var& beta, RunningStatistics* running,
               const BatchNormOptions& options = {});
// With the running statistics.
Var batch_norm_evaluated(const Var& x, const Var& gamma, const Var& beta,
                         const RunningStatistics& running, const BatchNormOptions& options = {});

// Batch norm in training of g x, columns by their gates g [C], without making it: y = γ g (x − μ) /
// √(g² σ² + ε) + β with `of_x`, the statistics of x, which several gates share. The gradient of g,
// whose effect vanishes with ε, is γ ε Σ dy (x − μ) / √(g² σ² + ε)³ and loses no digits. `running`
// moves by the statistics of g x.
Var gated_batch_norm(const Var& x, const ColumnStatistics& of_x, const Var& gate, const Var& gamma,
                     const Var& beta, RunningStatistics* running, double epsilon = 1e-5);

}  // namespace ctr
