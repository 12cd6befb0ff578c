#pragma once
// An optimizer keeps the state of parameters and applies a rule to their gradients.
//
//   optimizer.step(store, backward(loss));
// or, where the gradients are looked at before they move a weight:
//   StepGradients gradients = optimizer.prepare(store, backward(loss));
//   double norm = global_norm(gradients);
//   clip(gradients, norm, 1.0);
//   optimizer.apply(store, gradients);

#include <map>
#include <string>

#include "autograd/tape.h"
#include "ops/optim/rules.h"
#include "ops/optim/step_gradients.h"

namespace ctr {

struct OptimizerOptions : RuleOptions {
  // Of tables: rows = only touched rows move (lazy); dense = every row, each step.
  std::string update = "rows";
  Penalty l2;  // ½ λ ‖w‖²; over touched rows with `rows`, over whole tables with `dense`
};

class Optimizer {
 public:
  explicit Optimizer(OptimizerOptions options);

  // One step over every parameter that has a gradient. Weights change in place.
  void step(ParameterStore& store, const Gradients& gradients);
  // Its two halves: gradients by row with the penalty, and the update.
  StepGradients prepare(const ParameterStore& store, const Gradients& gradients) const;
  void apply(ParameterStore& store, const StepGradients& gradients);

  // The same for one tensor under a name of its own, a table if its gradient comes by rows.
  void update(const std::string& name, Tensor& weight, const Gradient& gradient);
  // Begins step t; `apply` calls it.
  void advance() { ++step_; }

  // Of the steps to come.
  void set_learning_rate(double rate) { options_.learning_rate = rate; }
  int64_t steps() const { return step_; }
  const OptimizerOptions& options() const { return options_; }

  // The state of every parameter that was updated, shared with the optimizer, by its name:
  // [rows, numbers, width] (ops/optim/rules.h). Empty for sgd.
  const std::map<std::string, Tensor>& state() const { return states_; }
  // Takes a copy of such state, after which step `steps` + 1 follows. Throws kind data on keys and
  // shapes that no parameter of `store` has.
  void restore(const ParameterStore& store, const std::map<std::string, Tensor>& state,
               int64_t steps);

 private:
  Tensor state_of(const std::string& name, const Tensor& weight, bool table);

  OptimizerOptions options_;
  int64_t step_ = 0;
  std::map<std::string, Tensor> states_;
};

}  // namespace ctr
