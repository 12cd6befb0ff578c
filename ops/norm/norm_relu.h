#pragma once

#include "autograd/tape.h"

namespace ctr {

// y = r + max(0, γ (x − μ) / √(σ² + ε) + β): a layer norm over the last axis (ops/norm/norm.h), its
// ReLU and what runs beside both, in one pass over the rows. x [.., D] → its shape; γ, β [D]; r of
// x's shape, or undefined: none. The same numbers as layer_norm, relu and add within rounding.
// Throws when γ, β or r do not fit x.
Var norm_relu(const Var& x, const Var& gamma, const Var& beta, const Var& rest,
              double epsilon = 1e-5);

}  // namespace ctr
