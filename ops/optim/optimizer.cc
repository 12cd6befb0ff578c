#include "ops/optim/optimizer.h"

#include <algorithm>
#include <utility>

#include <fmt/ranges.h>

#include "autograd/coalesce.h"
#include "engine/check.h"
#include "engine/parallel.h"
#include "engine/profile.h"

namespace ctr {

Optimizer::Optimizer(OptimizerOptions options) : options_(std::move(options)) {
  const std::vector<std::string>& rules = rule_names();
  CTR_CHECK(std::find(rules.begin(), rules.end(), options_.rule) != rules.end(),
            "optimizer: the rule must be one of {}, got '{}'", fmt::join(rules, ", "),
            options_.rule);
  CTR_CHECK(options_.update == "rows" || options_.update == "dense",
            "optimizer: tables are updated by rows or dense, got '{}'", options_.update);
}

// Shares its memory with the optimizer's own; undefined when the rule keeps none.
Tensor Optimizer::state_of(const std::string& name, const Tensor& weight, bool table) {
  auto [found, fresh] = states_.try_emplace(name);
  if (fresh) found->second = initial_state(options_, weight, table);
  const Tensor state = found->second;
  if (!state.defined()) states_.erase(found);
  return state;
}

void Optimizer::update(const std::string& name, Tensor& weight, const Gradient& gradient) {
  if (gradient.empty()) return;
  CTR_ASSERT(step_ > 0);
  const bool table = gradient.is_rows();
  Tensor state = state_of(name, weight, table);
  if (table && options_.update == "rows")
    return update_rows(options_, weight, state, coalesce(gradient.rows()), table, step_);
  ctr::update(options_, weight, state, table ? to_dense(gradient.rows()) : gradient.dense(), table,
              step_);
}

StepGradients Optimizer::prepare(const ParameterStore& store, const Gradients& gradients) const {
  // Plain SGD moves no row without a gradient, so touched rows do unless they decay.
  const bool lazy = options_.update == "rows" || (options_.rule == "sgd" && options_.l2.table == 0);
  StepGradients result = gather_gradients(store, gradients, lazy, options_.l2);
  int64_t bytes = 0;
  for (const StepGradient& gradient : result)
    bytes += gradient.is_rows() ? gradient.values().bytes() : 0;
  profile_lap("row gradients", bytes);
  return result;
}

void Optimizer::apply(ParameterStore& store, const StepGradients& gradients) {
  advance();
  StepVector<std::pair<const StepGradient*, Tensor>> rows;  // with their states
  int64_t work = 0, bytes = 0;
  for (const StepGradient& gradient : gradients) {
    Parameter& parameter = *gradient.parameter;
    Tensor state = state_of(parameter.name, parameter.value, parameter.table);
    const int64_t numbers =
        state.defined() ? state.count() / std::max<int64_t>(1, parameter.value.count()) : 0;
    bytes += gradient.values().bytes() * (3 + 2 * numbers);  // g; w and each state twice
    if (gradient.is_rows()) {
      rows.emplace_back(&gradient, state);
      work += 8 * gradient.rows.values.count();
    } else {
      ctr::update(options_, parameter.value, state, gradient.dense, parameter.table, step_);
    }
  }
  parallel_tasks(static_cast<int64_t>(rows.size()), work, [&](int64_t i) {
    auto& [gradient, state] = rows[static_cast<size_t>(i)];
    Parameter& parameter = *gradient->parameter;
    update_rows(options_, parameter.value, state, gradient->rows, parameter.table, step_);
  });
  ++store.mode().weights_version;
  profile_lap("optimizer", bytes);
}

void Optimizer::step(ParameterStore& store, const Gradients& gradients) {
  apply(store, prepare(store, gradients));
}

void Optimizer::restore(const ParameterStore& store, const std::map<std::string, Tensor>& state,
                        int64_t steps) {
  states_.clear();
  step_ = steps;
  for (const auto& [name, value] : state) {
    const Parameter* parameter = store.find(name);
    CTR_CHECK_DATA(parameter != nullptr, "optimizer: there is no parameter for the state '{}'",
                   name);
    const Tensor wanted = initial_state(options_, parameter->value, parameter->table);
    CTR_CHECK_DATA(
        wanted.defined() && value.shape() == wanted.shape() && value.dtype() == wanted.dtype(),
        "optimizer: the state '{}' is {} {}, {} needs {}", name, value.dtype(), value.shape(),
        options_.rule,
        wanted.defined() ? fmt::format("{} {}", wanted.dtype(), wanted.shape())
                         : std::string("none"));
    states_[name] = value.clone();
  }
}

}  // namespace ctr
