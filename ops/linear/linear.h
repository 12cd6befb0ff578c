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
// W [G, O, I], b [G, O] or undefined → [B, O]. Rows may stand in any order; those that stand group
// by group are not moved. A group without rows has gradient 0. STAR (Sheng et al., CIKM 2021, eq.
// 5).
Var grouped_linear(const Var& x, const Var& weight, const Var& bias, const RowGroups& groups,
                   Activation activation = Activation::identity);

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
