#pragma once
// Softmax over the last axis.

#include "autograd/tape.h"

namespace ctr {

// y_j = exp(x_j − max x) / Σ_k exp(x_k − max x); x of rank 1 or more → the same shape.
Var softmax(const Var& x);

// The same over the elements whose mask is not 0: mask i64, of x's shape. Others are 0; so is a row
// without any.
Var masked_softmax(const Var& x, const Tensor& mask);

// y_j = x_j − max x − log Σ_k exp(x_k − max x)
Var log_softmax(const Var& x);

}  // namespace ctr
