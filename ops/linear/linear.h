#pragma once
// Matrix products.

#include <span>

#include "autograd/tape.h"
#include "engine/activation.h"
#include "engine/linalg.h"
#include "ops/linear/row_groups.h"

namespace ctr {

// How a weight matrix lies in memory.
enum class WeightLayout : uint8_t { out_in, in_out };

struct LinearOptions {
  Activation activation = Activation::identity;
  WeightLayout layout = WeightLayout::out_in;
};

// y = activation(x Wᵀ + b): x [B, I], W [O, I], b [O] or undefined → [B, O]. With layout in_out, W
// is [I, O] and y = activation(x W + b). Bias and ReLU are applied inside the product.
Var linear(const Var& x, const Var& weight, const Var& bias = Var(),
           const LinearOptions& options = {});

// y = [x_1 … x_n] Wᵀ + b for parts x_i [B, I_i] seen side by side, W [O, Σ I_i], b [O] or undefined
// → [B, O]; nothing is copied together.
Var linear_parts(std::span<const Var> parts, const Var& weight, const Var& bias = Var());

// y = x w for x [B, I] and w [I, O].
inline Var matmul(const Var& x, const Var& w) {
  return linear(x, w, Var(), {Activation::identity, WeightLayout::in_out});
}

// Each row by its own matrix: y_b = h_b W_b for h [B, N], W [B, N, M] (or [B, N M]) → [B, M].
// APG (Yan et al., NeurIPS 2022), where W_b is generated from the row's condition.
Var row_matmul(const Var& h, const Var& w, int64_t out);

// Each row by its group's matrix: y_b = h_b W_g(b) for h [B, N], W [G, N, M] → [B, M].
Var grouped_matmul(const Var& h, const Var& w, const RowGroups& groups);

// Each row by its group's layer: y_b = activation(x_b W_gᵀ + b_g), g the group of row b: x [B, I],
// W [G, O, I], b [G, O] or undefined → [B, O]. A group without rows has gradient 0. STAR (Sheng
// et al., CIKM 2021, eq. 5).
Var grouped_linear(const Var& x, const Var& weight, const Var& bias, const RowGroups& groups,
                   Activation activation = Activation::identity);

// The parts of a low-rank addition to a linear layer, one for each of D groups (domains).
struct LowRank {
  Var a;     // [D, I, r]
  Var b;     // [D, r, O]
  Var bias;  // [D, O], or undefined
};

// A linear layer with a low-rank addition of the row's group d:
//   y = activation(x Wᵀ + c + scale (x A_d) B_d + β_d)
// for x [B, I], W [O, I], c [O] or undefined → [B, O]. MLoRA (Gao et al., RecSys 2024); with one
// group, LoRA (Hu et al., ICLR 2022). The gradients of groups without rows are zero.
Var lora_linear(const Var& x, const Var& weight, const Var& bias, const LowRank& low_rank,
                const RowGroups& groups, Activation activation = Activation::identity,
                double scale = 1);

// The same layer as one matrix per group, grouped_linear's, for a model that only predicts:
//   weight_d = W + (A_d B_d)ᵀ [D, O, I],  bias_d = c + β_d [D, O]
struct FoldedLowRank {
  Var weight, bias;  // no bias where neither c nor β is defined
};
FoldedLowRank fold_low_rank(const Var& weight, const Var& bias, const LowRank& low_rank);

// z_b = x_b y_b for x [B, N, K], y [B, K, M] → [B, N, M]; with `transpose_y` y is [B, M, K] and
// z_b = x_b y_bᵀ.
Var batched_matmul(const Var& x, const Var& y, Transpose transpose_y = Transpose::no);

// APG's decomposed feed-forward: y_b = activation(((h_b U) S_b) V + bias) for h [B, N], U [N, K],
// S [B, K K] row-major, V [K, M], bias [M] or undefined → [B, M]. Where rows share conditions, S is
// [G, K K] and `groups` tells each row's.
Var apg_decomposed_linear(const Var& h, const Var& u, const Var& s, const Var& v,
                          const Var& bias = Var(), Activation activation = Activation::identity,
                          const RowGroups& groups = {});

}  // namespace ctr
