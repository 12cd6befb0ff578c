#include "tools/strategy/meta.h"

#include "engine/check.h"

namespace ctr {
namespace {

constexpr double kMamlRate = 1e-3, kMldgRate = 1e-4;  // as published
constexpr const char* kStart = "start/";
constexpr const char* kOuter = "outer/";
constexpr const char* kOuterSteps = "outer_steps";

}  // namespace

Meta::Meta(const StrategyContext& context, bool mldg)
    : Strategy(context),
      mldg_(mldg),
      rate_(context.options.strategy.outer_rate > 0 ? context.options.strategy.outer_rate
            : mldg                                  ? kMldgRate
                                                    : kMamlRate),
      outer_(context.options.optimizer),
      outer_step_(context.built, context.data.schema, outer_, context.options.clip_norm,
                  context.step.on_non_finite()),
      live_(ParameterSet::trained(context.built.store())),
      sum_(context.built.store()) {}

void Meta::begin() { start_ = live_.copy(); }

// The schedule's factor of this step's learning rate is the outer step's too.
void Meta::outer_step() {
  const double base = context_.options.optimizer.learning_rate;
  const double factor = base > 0 ? context_.optimizer.options().learning_rate / base : 1;
  outer_.set_learning_rate(rate_ * factor);
  StepResult result;
  outer_step_.move(sum_.sum(), {}, 0, result);
}

void Meta::end() {
  live_.assign(start_);
  changed(context_.built.store());
  outer_step();
  start_ = {};
  sum_.clear();
}

std::vector<Pass> Meta::passes(int64_t epoch) {
  std::vector<Pass> plan;
  for (const Pass& domain : one_of_each(epoch)) {
    const auto rows = std::ssize(context_.rows->of(domain.domain));
    const int64_t support = support_rows(context_.options.strategy, rows);
    if (support == 0 || support == rows) continue;
    Pass first{.domain = domain.domain, .part = Pass::Part::support, .gathers = mldg_};
    first.before = [this] { begin(); };
    if (mldg_) first.after = [this] { outer_step(); };
    plan.push_back(std::move(first));
    plan.push_back(
        {.domain = domain.domain, .part = Pass::Part::query, .gathers = true, .after = [this] {
           end();
         }});
  }
  CTR_CHECK_DATA(!plan.empty(),
                 "train: no domain has rows enough for a support and a query; change "
                 "--support-share");
  return plan;
}

StepResult Meta::step(const Pass& pass, std::span<const Batch> batches, int64_t number) {
  if (!pass.gathers) return Strategy::step(pass, batches, number);
  const auto first_draw = static_cast<uint32_t>(number * context_.options.accumulate);
  StepGradients gradients;
  StepResult result = context_.step.measure(batches, first_draw, gradients);
  sum_.add(gradients);
  return result;
}

std::map<std::string, Tensor> Meta::state() const {
  std::map<std::string, Tensor> state;
  state[kOuterSteps] = Tensor::full({1}, DType::f64, static_cast<double>(outer_.steps()));
  for (const auto& [name, value] : outer_.state()) state[kOuter + name] = value;
  if (start_.empty()) return state;
  start_.put_into(state, kStart);
  sum_.put_into(state);
  return state;
}

void Meta::restore(const std::map<std::string, Tensor>& state) {
  const auto steps = state.find(kOuterSteps);
  CTR_CHECK_DATA(steps != state.end(), "strategy: '{}' is missing", kOuterSteps);
  std::map<std::string, Tensor> outer;
  const std::string prefix = kOuter;
  for (const auto& [name, value] : state)
    if (name.starts_with(prefix)) outer[name.substr(prefix.size())] = value;
  outer_.restore(context_.built.store(), outer,
                 static_cast<int64_t>(steps->second.data<double>()[0]));
  start_ = {};
  sum_.clear();
  const auto saved = state.lower_bound(kStart);
  if (saved == state.end() || !saved->first.starts_with(kStart)) return;
  start_ = live_.zeros();
  start_.take_from(state, kStart);
  sum_.take_from(state);
}

}  // namespace ctr
