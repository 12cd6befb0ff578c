#pragma once

#include "autograd/tape.h"

namespace ctr {

// Mean binary cross-entropy of logits x against labels t in [0, 1]: mean of log(1 + e^x) − x t, in
// the stable form max(x, 0) + log(1 + e^−|x|) − x t → [1]. x and label hold the same number of
// elements, at least one.
Var bce_with_logits(const Var& x, const Tensor& label);

}  // namespace ctr
