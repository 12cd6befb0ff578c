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

AdamOptions Optimizer::adam_options() const {
  return {options_.learning_rate, options_.beta1, options_.beta2, options_.epsilon};
}

void Optimizer::update_dense(const std::string& name, Tensor& weight, const Tensor& gradient) {
  if (options_.rule == "sgd") return sgd(weight, gradient, options_.learning_rate);
  State& state = states_[name];
  if (!state.m.defined()) {
    state.m = Tensor::zeros(weight.shape(), weight.dtype());
    state.v = Tensor::zeros(weight.shape(), weight.dtype());
  }
  adam(weight, state.m, state.v, gradient, adam_options(), step_);
}

void Optimizer::update_rows(const std::string& name, Tensor& weight,
                            const CoalescedRows& gradient) {
  if (options_.rule == "sgd") return sgd_rows(weight, gradient, options_.learning_rate);
  Tensor& rows = states_[name].rows;
  if (!rows.defined())
    rows = Tensor::zeros({weight.dim(0), 2, weight.count() / weight.dim(0)}, weight.dtype());
  adam_rows(weight, rows, gradient, adam_options(), step_);
}

void Optimizer::update(const std::string& name, Tensor& weight, const Gradient& gradient) {
  if (gradient.empty()) return;
  CTR_ASSERT(step_ > 0);
  if (gradient.is_rows() && options_.update == "rows")
    return update_rows(name, weight, coalesce(gradient.rows()));
  update_dense(name, weight, gradient.is_rows() ? to_dense(gradient.rows()) : gradient.dense());
}

StepGradients Optimizer::prepare(const ParameterStore& store, const Gradients& gradients) const {
  // Plain SGD moves no row without a gradient, so touched rows do unless they decay.
  const bool lazy = options_.update == "rows" || (options_.rule == "sgd" && options_.l2.table == 0);
  return gather_gradients(store, gradients, lazy, options_.l2);
}

void Optimizer::apply(ParameterStore& store, const StepGradients& gradients) {
  advance();
  for (const StepGradient& gradient : gradients) {
    Parameter& parameter = *gradient.parameter;
    if (gradient.is_rows()) {
      update_rows(parameter.name, parameter.value, gradient.rows);
    } else {
      update_dense(parameter.name, parameter.value, gradient.dense);
    }
  }
  ++store.mode().weights_version;
}

void Optimizer::step(ParameterStore& store, const Gradients& gradients) {
  apply(store, prepare(store, gradients));
}

std::map<std::string, Tensor> Optimizer::state() const {
  std::map<std::string, Tensor> result;
  for (const auto& [name, state] : states_) {
    if (state.m.defined()) result["m/" + name] = state.m;
    if (state.v.defined()) result["v/" + name] = state.v;
    if (state.rows.defined()) result["rows/" + name] = state.rows;
  }
  return result;
}

void Optimizer::restore(const ParameterStore& store, const std::map<std::string, Tensor>& state,
                        int64_t steps) {
  states_.clear();
  step_ = steps;
  for (const auto& [key, value] : state) {
    const size_t slash = key.find('/');
    const std::string kind = key.substr(0, slash);
    const Parameter* parameter =
        slash == std::string::npos ? nullptr : store.find(key.substr(slash + 1));
    CTR_CHECK_DATA(parameter != nullptr && (kind == "m" || kind == "v" || kind == "rows"),
                   "optimizer: there is no parameter for the state '{}'", key);
    const Shape& shape = parameter->value.shape();
    const Shape wanted = kind == "rows" ? Shape{shape[0], 2, shape.count(1, shape.rank())} : shape;
    CTR_CHECK_DATA(value.shape() == wanted && value.dtype() == parameter->value.dtype(),
                   "optimizer: the state '{}' is {} {}, the parameter needs {} {}", key,
                   value.dtype(), value.shape(), parameter->value.dtype(), wanted);
    State& own = states_[parameter->name];
    (kind == "m" ? own.m : kind == "v" ? own.v : own.rows) = value.clone();
  }
}

}  // namespace ctr
