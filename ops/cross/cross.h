#pragma once
// What layers of cross networks and gates do beside their products.

#include "autograd/tape.h"

namespace ctr {

// y_r = s_r x_r: x [.., C] seen as rows of C elements, s with one number for each row → x's shape.
// Gates over fields (SENET, EDCN), over experts, and attention weights.
Var scale_rows(const Var& x, const Var& s);

// y = a ⊙ b + c, all of one shape: the cross layer x0 ⊙ u + x with u = W x + b (Wang et al., DCN
// V2, WWW 2021, eq. 1).
Var multiply_add(const Var& a, const Var& b, const Var& c);

// y = x0 (x · w) + b + x: x0, x [B, D], w [D] or [1, D], b [D] → [B, D] (Wang et al., Deep & Cross
// Network, ADKDD 2017, eq. 3).
Var cross_vector(const Var& x0, const Var& x, const Var& w, const Var& b);

}  // namespace ctr
