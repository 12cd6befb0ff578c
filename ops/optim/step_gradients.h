#pragma once
// The gradients of one step, ready for a rule: summed by row, with the penalty, clipped.

#include "autograd/coalesce.h"
#include "autograd/tape.h"
#include "engine/step_vector.h"

namespace ctr {

// Of one parameter: either `dense`, of the parameter's shape, or the touched rows of a table.
struct StepGradient {
  Parameter* parameter = nullptr;
  Tensor dense;
  CoalescedRows rows;

  bool is_rows() const { return rows.ids.defined(); }
  const Tensor& values() const { return is_rows() ? rows.values : dense; }
};

// In the order of the store.
using StepGradients = StepVector<StepGradient>;

struct Penalty {
  double table = 0;  // λ of ½ λ ‖w‖² over tables (Parameter::table)
  double net = 0;    // over all other parameters
};

// Gathers what the rules need. With `lazy`, a table gets the gradient of its touched rows, and the
// penalty falls on those rows alone; without, every row of every table gets one. λ w is added to
// the gradient and not divided by the batch's rows. Frozen parameters are left out.
StepGradients gather_gradients(const ParameterStore& store, const Gradients& gradients, bool lazy,
                               const Penalty& penalty);

// √ of the sum of squares over all gradients, in f64 in an order that depends on the sizes alone.
double global_norm(const StepGradients& gradients);

// Scales the gradients by min(1, most / (norm + 1e-6)), as PyTorch's clip_grad_norm_; returns that
// factor.
double clip(StepGradients& gradients, double norm, double most);

}  // namespace ctr
