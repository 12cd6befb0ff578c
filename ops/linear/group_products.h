#pragma once
// Products of tensors whose rows have a matrix per group, for operators that consist of them.

#include "autograd/tape.h"
#include "engine/linalg.h"
#include "ops/linear/row_groups.h"

namespace ctr {

struct GroupProductOptions {
  Tensor bias = {};  // [G, M]; undefined: none
  bool relu = false;
  bool add = false;  // to what y holds
};

// y_b = relu(y_b + x_b op(W_g(b)) + bias_g(b)) for x [B, N], W [G, N, M] (or [G, M, N], transposed)
// and y [B, M].
void group_product(const Tensor& x, const Tensor& w, Transpose transpose, const RowGroups& groups,
                   Tensor& y, const GroupProductOptions& options = {});

// The gradient of x in y_b = x_b op(W_g(b)) in these columns alone; with `add`, added to dx.
void group_input_gradient(const Tensor& dy, const Tensor& w, Transpose factor,
                          const RowGroups& groups, ColumnRange columns, Tensor& dx,
                          bool add = false);

// Σ x_bᵀ y_b over the rows of each group → [G, N, M]; zeros for groups without rows.
Tensor group_outer(const Tensor& x, const Tensor& y, const RowGroups& groups);

// Σ y_b over the rows of each group → [G, M].
Tensor group_sum(const Tensor& y, const RowGroups& groups);

}  // namespace ctr
