#pragma once

#include "autograd/tape.h"

namespace ctr {

// y_j = exp(x_j − max x) / Σ_k exp(x_k − max x) over the last axis; x of rank 1 or more → the same
// shape.
Var softmax(const Var& x);

}  // namespace ctr
