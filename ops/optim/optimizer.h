#pragma once
// An optimizer keeps the state of parameters and applies a rule to their gradients.
//
//   optimizer.step(store, backward(loss));
// or, where the gradients are looked at before they move a weight:
//   StepGradients gradients = optimizer.prepare(store, backward(loss));
//   double norm = global_norm(gradients);
//   optimizer.clip(gradients, norm, 1.0);
//   optimizer.apply(store, gradients);

#include <map>
#include <memory>
#include <string>

#include "autograd/tape.h"
#include "ops/optim/replay.h"
#include "ops/optim/rules.h"
#include "ops/optim/step_gradients.h"

namespace ctr {

struct OptimizerOptions : RuleOptions {
  // Of tables: rows = only touched rows move (lazy); dense = every row, each step; replay = the
  // same as dense to the last bit, a row's steps put off until it is read (ops/optim/replay.h).
  std::string update = "rows";
  Penalty l2;  // ½ λ ‖w‖²; over touched rows with `rows`, otherwise over whole tables
};

// What clipping did.
struct Clipping {
  double norm = 0;        // before it; see Optimizer::clip
  double factor = 1;      // that all gradients were multiplied by
  bool measured = false;  // the norm of rows that were not touched had to be computed
};

class Optimizer {
 public:
  explicit Optimizer(OptimizerOptions options);

  // One step over every parameter that has a gradient. Weights change in place.
  void step(ParameterStore& store, const Gradients& gradients);
  // Its two halves: gradients by row with the penalty, and the update.
  StepGradients prepare(const ParameterStore& store, const Gradients& gradients) const;
  // The same from sums by row (gather_sums), which it takes.
  StepGradients prepare(const ParameterStore& store, StepGradients sums) const;
  // Between the two: scales the gradients by min(1, most / (norm + 1e-6)), where `norm` is their
  // global_norm(). With `replay` and a penalty, the gradients λ w of rows that were not touched
  // count too. As long as a bound of theirs shows that the factor is 1, nobody computes them and
  // the result's norm is that of the others. Otherwise every row is caught up and measured, and the
  // factor and the norm are those of `dense` to the bit.
  Clipping clip(StepGradients& gradients, double norm, double most);
  void apply(ParameterStore& store, const StepGradients& gradients);

  // The same for one tensor under a name of its own, a table if its gradient comes by rows.
  void update(const std::string& name, Tensor& weight, const Gradient& gradient);
  // Begins step t; `apply` calls it.
  void advance() { ++step_; }

  // Of the steps to come.
  void set_learning_rate(double rate);
  int64_t steps() const { return step_; }
  const OptimizerOptions& options() const { return options_; }

  // The state of every parameter that was updated, shared with the optimizer, by its name:
  // [rows, numbers, width] (ops/optim/rules.h). Empty for sgd. Where replayed tables were clipped,
  // NAME:norms [rows] too, of their bounds. Throws while rows lack steps: ParameterStore::catch_up
  // comes first.
  std::map<std::string, Tensor> state() const;
  // Takes a copy of such state, after which step `steps` + 1 follows. Throws kind data on keys and
  // shapes that no parameter of `store` has.
  void restore(const ParameterStore& store, const std::map<std::string, Tensor>& state,
               int64_t steps);

 private:
  Tensor state_of(const std::string& name, const Tensor& weight, bool table);
  // The parameter's, attached to it.
  ReplayedTable& replayed(Parameter& parameter);
  // At least the norm of the gradients that the penalty gives to rows which were not touched.
  double untouched_bound(const StepGradients& gradients);
  void apply_dense(const StepGradient& gradient);

  OptimizerOptions options_;
  TableUpdate how_ = TableUpdate::rows;
  int64_t step_ = 0;
  double largest_rate_ = 0;  // of all steps
  std::map<std::string, Tensor> states_;
  std::map<std::string, std::shared_ptr<ReplayedTable>> replayed_;
};

}  // namespace ctr
