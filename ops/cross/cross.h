#pragma once
// Cross layers: explicit products with the first layer's input x0 [B, D]. Where x is x0, as in a
// first layer, give the same Var twice: their gradients are made as one.

#include "autograd/tape.h"

namespace ctr {

// y = x0 (x · w) + b + x for x [B, D], w [D] (or [1, D]), b [D] → [B, D] (Wang et al., Deep & Cross
// Network for Ad Click Predictions, ADKDD 2017, eq. 3); without `residual`, no + x.
Var cross_vector(const Var& x0, const Var& x, const Var& weight, const Var& bias,
                 bool residual = true);

// y = x0 ⊙ (h Wᵀ + b) + x for h [B, I], W [D, I], b [D], x [B, D] → [B, D] (Wang et al., DCN V2,
// WWW 2021, eq. 1 with h = x; eq. 2 with h = x V and W = U). The gradient of x is made inside the
// product du W where h is x.
Var cross_matrix(const Var& x0, const Var& h, const Var& weight, const Var& bias, const Var& x);

// y = x0 ⊙ (x Wᵀ + b) ⊙ sigmoid(x Gᵀ) + x for x [B, D], W, G [D, D], b [D] → [B, D] (Wang et al.,
// Towards Deeper, Lighter and Interpretable Cross Network, CIKM 2023, eq. 3).
Var cross_gated(const Var& x0, const Var& x, const Var& weight, const Var& gate, const Var& bias);

}  // namespace ctr
