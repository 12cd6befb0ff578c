#include "ops/optim/optimizer.h"

#include <utility>

#include "engine/check.h"

namespace ctr {

Optimizer::Optimizer(OptimizerOptions options) : options_(std::move(options)) {
  CTR_CHECK(options_.rule == "sgd" || options_.rule == "adam",
            "optimizer: the rule must be sgd or adam, got '{}'", options_.rule);
  CTR_CHECK(options_.update == "rows" || options_.update == "dense",
            "optimizer: tables are updated by rows or dense, got '{}'", options_.update);
}

void Optimizer::update(const std::string& name, Tensor& weight, const Gradient& gradient) {
  if (gradient.empty()) return;
  CTR_ASSERT(step_ > 0);
  const bool rows = gradient.is_rows() && options_.update == "rows";
  if (options_.rule == "sgd") {  // plain SGD moves no row without a gradient
    if (gradient.is_rows())
      return sgd_rows(weight, coalesce(gradient.rows()), options_.learning_rate);
    return sgd(weight, gradient.dense(), options_.learning_rate);
  }
  const AdamOptions adam_options{options_.learning_rate, options_.beta1, options_.beta2,
                                 options_.epsilon};
  State& state = states_[name];
  if (rows) {
    if (!state.m.defined())
      state.m = Tensor::zeros({weight.dim(0), 2, weight.count() / weight.dim(0)}, weight.dtype());
    return adam_rows(weight, state.m, coalesce(gradient.rows()), adam_options, step_);
  }
  if (!state.m.defined()) {
    state.m = Tensor::zeros(weight.shape(), weight.dtype());
    state.v = Tensor::zeros(weight.shape(), weight.dtype());
  }
  adam(weight, state.m, state.v, gradient.is_rows() ? to_dense(gradient.rows()) : gradient.dense(),
       adam_options, step_);
}

void Optimizer::step(ParameterStore& store, const Gradients& gradients) {
  advance();
  for (const auto& parameter : store.all()) {
    update(parameter->name, parameter->value, gradients[*parameter]);
  }
  ++store.mode().weights_version;
}

}  // namespace ctr
