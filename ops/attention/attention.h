#pragma once
// Scaled dot-product attention.

#include "autograd/tape.h"

namespace ctr {

// p_h = softmax(Q_h K_hᵀ scale) over the last axis, per head h of the H equal parts of the width
// (Vaswani et al., NeurIPS 2017, eq. 1): q, k [B, T, A] → [B, H, T, T].
Var attention_weights(const Var& q, const Var& k, int64_t heads, double scale);

// y = [P_1 V_1 … P_H V_H] for p [B, H, T, T], v [B, T, A], V_h its h-th A / H columns → [B, T, A].
Var attention_mix(const Var& p, const Var& v);

// The projections of one multi-head attention, (out, in) each.
struct AttentionWeights {
  Var query, key, value;  // [A, I]
  Var out;                // [O, A], or undefined: the heads side by side
};

// heads_h = softmax(Q_h K_hᵀ scale) V_h with Q = x W_qᵀ …, H heads of width A / H; y = [heads] W_oᵀ
// (Vaswani et al., NeurIPS 2017, eq. 1–2): x [B, T, I] → [B, T, O]. `scale` 0: 1 / √(A / H).
Var multi_head_attention(const Var& x, const AttentionWeights& weights, int64_t heads,
                         double scale = 0);

}  // namespace ctr
