#include "ops/optim/optimizer.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include <fmt/ranges.h>

#include "autograd/coalesce.h"
#include "engine/check.h"
#include "engine/parallel.h"
#include "engine/profile.h"
#include "ops/optim/idle_bound.h"
#include "ops/optim/visit_rule.h"

namespace ctr {

namespace {

constexpr std::string_view kNorms = ":norms";  // after a parameter's name

TableUpdate table_update(const OptimizerOptions& options) {
  if (options.update == "rows") return TableUpdate::rows;
  if (options.update == "dense") return TableUpdate::dense;
  CTR_CHECK(options.update == "replay",
            "optimizer: tables are updated by rows, dense or replay, got '{}'", options.update);
  const std::vector<std::string>& rules = replayed_rules();
  CTR_CHECK(std::find(rules.begin(), rules.end(), options.rule) != rules.end(),
            "optimizer: replay knows the steps that a row misses under {}; with {} choose rows or "
            "dense",
            fmt::join(rules, ", "), options.rule);
  return TableUpdate::replay;
}

}  // namespace

Optimizer::Optimizer(OptimizerOptions options)
    : options_(std::move(options)), largest_rate_(options_.learning_rate) {
  const std::vector<std::string>& rules = rule_names();
  CTR_CHECK(std::find(rules.begin(), rules.end(), options_.rule) != rules.end(),
            "optimizer: the rule must be one of {}, got '{}'", fmt::join(rules, ", "),
            options_.rule);
  how_ = table_update(options_);
}

void Optimizer::set_learning_rate(double rate) {
  options_.learning_rate = rate;
  largest_rate_ = std::max(largest_rate_, rate);
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
  return prepare(store, gather_sums(store, gradients));
}

StepGradients Optimizer::prepare(const ParameterStore& store, StepGradients sums) const {
  // Plain SGD moves no row without a gradient, so touched rows do unless they decay.
  const bool still = options_.rule == "sgd" && options_.l2.table == 0;
  StepGradients result =
      complete(store, std::move(sums), still ? TableUpdate::rows : how_, options_.l2);
  int64_t bytes = 0;
  for (const StepGradient& gradient : result)
    bytes += gradient.is_rows() ? gradient.values().bytes() : 0;
  profile_lap("row gradients", bytes);
  return result;
}

ReplayedTable& Optimizer::replayed(Parameter& parameter) {
  auto [found, fresh] = replayed_.try_emplace(parameter.name);
  std::shared_ptr<ReplayedTable>& table = found->second;
  if (fresh) {
    table = make_replayed_table(options_, parameter.value,
                                state_of(parameter.name, parameter.value, parameter.table),
                                lambda_of(parameter, options_.l2));
  }
  if (parameter.late != table) {  // or another optimizer's
    if (parameter.late != nullptr) parameter.late->catch_up(parameter.value);
    parameter.late = table;
  }
  return *table;
}

double Optimizer::untouched_bound(const StepGradients& gradients) {
  double sum = 0;
  for (const StepGradient& gradient : gradients) {
    Parameter& parameter = *gradient.parameter;
    if (!gradient.replayed || lambda_of(parameter, options_.l2) == 0) continue;
    ReplayedTable& table = replayed(parameter);
    if (!table.norms().measured()) {
      table.catch_up(parameter.value);
      table.norms().measure(parameter.value);
    }
    const double rise = idle_rise(options_, largest_rate_, table.lambda());
    const double norm = std::sqrt(table.norms().sum_of_squares()) +
                        rise * std::sqrt(static_cast<double>(parameter.value.count()));
    sum += table.lambda() * norm * table.lambda() * norm;
  }
  return std::sqrt(sum) * (1 + 1e-6);  // more than f32 rounds λ w and f64 these sums
}

Clipping Optimizer::clip(StepGradients& gradients, double norm, double most) {
  if (how_ == TableUpdate::replay) {
    const double others = untouched_bound(gradients);
    if (others > 0 && !(std::hypot(norm, others) * (1 + 1e-9) + 1e-6 <= most)) {
      norm = whole_norm(gradients, options_.l2);
      for (const StepGradient& gradient : gradients) {
        Parameter& parameter = *gradient.parameter;
        if (gradient.replayed && lambda_of(parameter, options_.l2) != 0)
          replayed(parameter).norms().measure(parameter.value);
      }
      return {norm, ctr::clip(gradients, norm, most), true};
    }
    if (others > 0) return {norm, 1, false};
  }
  return {norm, ctr::clip(gradients, norm, most), false};
}

void Optimizer::apply_dense(const StepGradient& gradient) {
  Parameter& parameter = *gradient.parameter;
  Tensor state = state_of(parameter.name, parameter.value, parameter.table);
  if (parameter.late != nullptr) parameter.late->catch_up(parameter.value);
  ctr::update(options_, parameter.value, state, gradient.dense, parameter.table, step_);
  auto found = replayed_.find(parameter.name);
  if (found != replayed_.end() && found->second->norms().measured())
    found->second->norms().measure(parameter.value);
}

void Optimizer::apply(ParameterStore& store, const StepGradients& gradients) {
  advance();
  struct Rows {
    const StepGradient* gradient;
    Tensor state;
    ReplayedTable* replayed;  // or none
  };
  StepVector<Rows> rows;
  int64_t work = 0, bytes = 0;
  for (const StepGradient& gradient : gradients) {
    Parameter& parameter = *gradient.parameter;
    Tensor state = state_of(parameter.name, parameter.value, parameter.table);
    const int64_t numbers =
        state.defined() ? state.count() / std::max<int64_t>(1, parameter.value.count()) : 0;
    bytes += gradient.values().bytes() * (3 + 2 * numbers);  // g; w and each state twice
    if (gradient.is_rows()) {
      const bool later = gradient.replayed && !rests(options_, lambda_of(parameter, options_.l2));
      rows.push_back({&gradient, state, later ? &replayed(parameter) : nullptr});
      work += 8 * gradient.rows.values.count();
    } else {
      apply_dense(gradient);
    }
  }
  parallel_tasks(std::ssize(rows), work, [&](int64_t i) {
    Rows& one = rows[static_cast<size_t>(i)];
    const StepGradient& gradient = *one.gradient;
    Parameter& parameter = *gradient.parameter;
    if (one.replayed != nullptr) {
      one.replayed->step(parameter.value, gradient.rows, options_, step_, gradient.factor);
    } else {
      update_rows(options_, parameter.value, one.state, gradient.rows, parameter.table, step_);
    }
  });
  ++store.mode().weights_version;
  profile_lap("optimizer", bytes);
}

void Optimizer::step(ParameterStore& store, const Gradients& gradients) {
  apply(store, prepare(store, gradients));
}

std::map<std::string, Tensor> Optimizer::state() const {
  std::map<std::string, Tensor> result = states_;
  for (const auto& [name, table] : replayed_) {
    CTR_CHECK(table->caught_up(),
              "optimizer: rows of '{}' lack steps; call ParameterStore::catch_up before the state "
              "is read",
              name);
    if (table->norms().measured()) result[name + std::string(kNorms)] = table->norms().rows();
  }
  return result;
}

void Optimizer::restore(const ParameterStore& store, const std::map<std::string, Tensor>& state,
                        int64_t steps) {
  store.catch_up();
  for (const auto& parameter : store.all()) parameter->late = nullptr;
  states_.clear();
  replayed_.clear();
  step_ = steps;
  for (const auto& [key, value] : state) {
    const bool norms = how_ == TableUpdate::replay && key.ends_with(kNorms);
    const std::string name = norms ? key.substr(0, key.size() - kNorms.size()) : key;
    Parameter* parameter = store.find(name);
    CTR_CHECK_DATA(parameter != nullptr, "optimizer: there is no parameter for the state '{}'",
                   key);
    const Tensor wanted = norms ? Tensor({rows_of(parameter->value)}, DType::f32)
                                : initial_state(options_, parameter->value, parameter->table);
    CTR_CHECK_DATA(
        wanted.defined() && value.shape() == wanted.shape() && value.dtype() == wanted.dtype(),
        "optimizer: the state '{}' is {} {}, {} needs {}", key, value.dtype(), value.shape(),
        options_.rule,
        wanted.defined() ? fmt::format("{} {}", wanted.dtype(), wanted.shape())
                         : std::string("none"));
    if (!norms) states_[name] = value.clone();
  }
  for (const auto& [key, value] : state) {  // now that the states are there
    if (how_ != TableUpdate::replay || !key.ends_with(kNorms)) continue;
    Parameter* parameter = store.find(key.substr(0, key.size() - kNorms.size()));
    replayed(*parameter).norms().restore(value, width_of(parameter->value));
  }
}

}  // namespace ctr
