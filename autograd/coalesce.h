#pragma once
// Row gradients summed by row.

#include <span>

#include "autograd/gradient.h"
#include "engine/step_vector.h"

namespace ctr {

// The sum of a RowGradient: each touched row once, in ascending order.
struct CoalescedRows {
  Tensor ids;     // i64 [u]
  Tensor values;  // [u, width]
};

// Stable sort by id, then a sum over each run of equal ids in order of appearance: deterministic
// for any thread count. Several gradients share the threads.
CoalescedRows coalesce(const RowGradient& gradient);
StepVector<CoalescedRows> coalesce(std::span<const RowGradient* const> gradients);

// Copies the rows to their places in `table`.
void put_rows(const CoalescedRows& rows, Tensor& table);

}  // namespace ctr
