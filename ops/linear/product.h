#pragma once
// Products of tensors, for operators that consist of them.

#include "autograd/tape.h"
#include "engine/linalg.h"
#include "ops/linear/linear.h"

namespace ctr {

struct ProductOptions {
  Tensor bias = {};  // undefined: none
  bool relu = false;
  bool add = false;  // to what c holds
};

// c = relu(c + op(a) op(b) + bias), for matrices [rows, cols].
void product(const Tensor& a, Transpose ta, const Tensor& b, Transpose tb, Tensor& c,
             const ProductOptions& options = {});

// A weight seen as the factor it is in x op(W): [O, I] is a transpose.
inline Transpose factor_of(WeightLayout layout) {
  return layout == WeightLayout::out_in ? Transpose::yes : Transpose::no;
}

// The gradient of x in y = x op(W): dx = dy op(W)ᵀ, in these columns alone; with `add`, added to
// dx.
void input_gradient(const Tensor& dy, const Tensor& weight, Transpose factor, ColumnRange columns,
                    Tensor& dx, bool add = false);

}  // namespace ctr
