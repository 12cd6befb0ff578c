#pragma once
// Layers over the field axis of v [B, F, D], the same for each of the D coordinates.

#include "autograd/tape.h"

namespace ctr {

// y_{b,l,d} = Σ_f W_{l,f} v_{b,f,d} + b_l: v [B, F, D], W [L, F], b [L] or undefined → [B, L, D].
Var field_linear(const Var& v, const Var& weight, const Var& bias = Var());

// A layer of the compressed interaction network (Lian et al., xDeepFM, KDD 2018, eq. 6):
//   y_{b,o,d} = Σ_h Σ_m W_{o,(h,m)} x0_{b,h,d} x_{b,m,d} + b_o
// for x0 [B, F, D], x [B, M, D], W [O, F M] with h the slow index, b [O] or undefined → [B, O, D].
// The products x0 x are made a tile at a time.
Var cin_layer(const Var& x0, const Var& x, const Var& weight, const Var& bias = Var());

// s_{b,k,d} = Σ_{S ⊆ fields, |S| = k} ∏_{f ∈ S} v_{b,f,d} for k = 1 … order, the elementary
// symmetric polynomials (Yu et al., Deep Interaction Machine, CIKM 2020): v [B, F, D] →
// [B, order, D]. By s_k ← s_k + s_{k−1} v_f over the fields, which never subtracts; the paper's
// Newton identities over power sums cancel. `order` from 1 to 5.
Var elementary_symmetric(const Var& v, int64_t order);
inline constexpr int64_t kMostSymmetricOrder = 5;

}  // namespace ctr
