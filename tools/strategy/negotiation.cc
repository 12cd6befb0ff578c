#include "tools/strategy/negotiation.h"

namespace ctr {
namespace {

constexpr double kRate = 0.1;  // as published
constexpr const char* kStart = "start/";

}  // namespace

Follow::Follow(const StrategyContext& context, bool each_domain)
    : Strategy(context),
      each_domain_(each_domain),
      rate_(context.options.strategy.outer_rate == 0 ? kRate : context.options.strategy.outer_rate),
      live_(ParameterSet::trained(context.built.store())) {}

void Follow::begin() { start_ = live_.copy(); }

void Follow::end() {
  start_.approach(live_, rate_);
  live_.assign(start_);
  start_ = {};
  changed(context_.built.store());
}

std::vector<Pass> Follow::passes(int64_t epoch) {
  std::vector<Pass> passes = one_of_each(epoch);
  for (Pass& pass : passes) {
    if (each_domain_ || &pass == &passes.front()) pass.before = [this] { begin(); };
    if (each_domain_ || &pass == &passes.back()) pass.after = [this] { end(); };
  }
  return passes;
}

std::map<std::string, Tensor> Follow::state() const {
  std::map<std::string, Tensor> state;
  start_.put_into(state, kStart);
  return state;
}

void Follow::restore(const std::map<std::string, Tensor>& state) {
  start_ = {};
  if (state.empty()) return;
  start_ = live_.zeros();
  start_.take_from(state, kStart);
}

}  // namespace ctr
