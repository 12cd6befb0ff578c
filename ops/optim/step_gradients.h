#pragma once
// The gradients of one step, ready for a rule: summed by row, with the penalty, clipped.

#include "autograd/coalesce.h"
#include "autograd/tape.h"
#include "engine/step_vector.h"

namespace ctr {

// How tables are updated: only rows that the step touched; every row; or every row, those that were
// not touched later (ops/optim/replay.h).
enum class TableUpdate : uint8_t { rows, dense, replay };

// Of one parameter: either `dense`, of the parameter's shape, or the touched rows of a table.
struct StepGradient {
  Parameter* parameter = nullptr;
  Tensor dense;
  CoalescedRows rows;
  // Of replayed tables: the gradients of the rows that are not here are factor · λ w.
  bool replayed = false;
  double factor = 1;

  bool is_rows() const { return rows.ids.defined(); }
  const Tensor& values() const { return is_rows() ? rows.values : dense; }
};

// In the order of the store.
using StepGradients = StepVector<StepGradient>;

struct Penalty {
  double table = 0;  // λ of ½ λ ‖w‖² over tables (Parameter::table)
  double net = 0;    // over all other parameters
};

// Gathers what the rules need. With TableUpdate::rows, a table gets the gradient of its touched
// rows, and the penalty falls on those rows alone; with dense, every row of every table gets one;
// with replay, touched rows are caught up and get theirs. λ w is added to the gradient and not
// divided by the batch's rows. Frozen parameters are left out.
StepGradients gather_gradients(const ParameterStore& store, const Gradients& gradients,
                               TableUpdate update, const Penalty& penalty);
// Its two halves. Each parameter's gradient summed by row, as it came:
StepGradients gather_sums(const ParameterStore& store, const Gradients& gradients);
// and such sums, in the store's order, with the penalty. Their rows' values are written to.
StepGradients complete(const ParameterStore& store, StepGradients sums, TableUpdate update,
                       const Penalty& penalty);

// √ of the sum of squares over all gradients, in f64 in an order that depends on the sizes alone.
// Of replayed tables, touched rows alone: where the others' gradients are 0, it has the bits of the
// norm over the whole table.
double global_norm(const StepGradients& gradients);

// The same with the penalty's gradients in the rows of replayed tables that were not touched: the
// bits of the dense norm. Catches up every row and reads every table.
double whole_norm(const StepGradients& gradients, const Penalty& penalty);

// λ of a parameter.
double lambda_of(const Parameter& parameter, const Penalty& penalty);

// Scales the gradients by min(1, most / (norm + 1e-6)), as PyTorch's clip_grad_norm_; returns that
// factor.
double clip(StepGradients& gradients, double norm, double most);

}  // namespace ctr
