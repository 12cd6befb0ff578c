#pragma once
// An optimizer keeps the state of parameters and applies a rule to their gradients.

#include <string>
#include <unordered_map>

#include "autograd/tape.h"
#include "ops/optim/rules.h"

namespace ctr {

struct OptimizerOptions {
  std::string rule = "adam";  // sgd, adam
  std::string update =
      "rows";  // of tables: rows = only touched rows move (lazy Adam); dense = every row, each step
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
};

class Optimizer {
 public:
  explicit Optimizer(OptimizerOptions options);

  // One step over every parameter that has a gradient. Weights change in place.
  void step(ParameterStore& store, const Gradients& gradients);
  // The same for one tensor under a name of its own.
  void update(const std::string& name, Tensor& weight, const Gradient& gradient);
  // Begins step t; `step` calls it.
  void advance() { ++step_; }

  int64_t steps() const { return step_; }
  const OptimizerOptions& options() const { return options_; }

 private:
  struct State {
    Tensor m, v;  // dense; for lazy rows `m` alone, [rows, 2, width]
  };

  OptimizerOptions options_;
  int64_t step_ = 0;
  std::unordered_map<std::string, State> states_;
};

}  // namespace ctr
