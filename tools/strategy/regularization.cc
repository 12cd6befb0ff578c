#include "tools/strategy/regularization.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/rng.h"

namespace ctr {
namespace {

constexpr uint64_t kHelperStream = 0x4E17;
constexpr const char* kShared = "shared/";
constexpr const char* kMoves = "moves/";

std::string own_prefix(size_t domain) { return fmt::format("domain/{}/", domain); }

}  // namespace

DomainOffsets::DomainOffsets(ParameterStore& of)
    : store(of), live(ParameterSet::trained(of)), shared(live.copy()) {}

void DomainOffsets::put(int64_t domain) {
  if (domain < 0)
    live.assign(shared);
  else
    live.assign_sum(shared, own[static_cast<size_t>(domain)]);
  changed(store);
}

Regularization::Regularization(const StrategyContext& context, double outer_rate)
    : Strategy(context),
      rate_(outer_rate),
      weights_(std::make_shared<DomainOffsets>(context.built.store())) {
  for (int64_t d = 0; d < context.rows->domains(); ++d)
    weights_->own.push_back(weights_->live.zeros());
  if (context.options.strategy.start == "random") begin_random();
}

// What the model's weights would be with other seeds.
void Regularization::begin_random() {
  for (const int64_t domain : context_.rows->present()) {
    const auto other = context_.built.with_seed(context_.built.store().mode().seed + 1 +
                                                static_cast<uint64_t>(domain));
    weights_->own[static_cast<size_t>(domain)].take_from(other->weights(), "");
  }
}

std::vector<int64_t> Regularization::helpers_of(int64_t domain, int64_t epoch) const {
  const StrategyOptions& options = context_.options.strategy;
  std::vector<int64_t> helpers = context_.rows->present();
  std::erase(helpers, domain);
  shuffle(std::span(helpers),
          {static_cast<uint64_t>(context_.options.seed),
           kHelperStream + (static_cast<uint64_t>(domain) << 16), static_cast<uint32_t>(epoch)});
  helpers.resize(
      std::min(helpers.size(), static_cast<size_t>(std::max<int64_t>(0, options.sampled_domains))));
  if (options.query_domain) helpers.push_back(domain);
  return helpers;
}

void Regularization::negotiated() {
  weights_->shared.approach(weights_->live, rate_);
  weights_->put(-1);
}

void Regularization::query_done(int64_t domain) {
  ParameterSet& own = weights_->own[static_cast<size_t>(domain)];
  if (!context_.options.strategy.average_moves) {
    own.add_move(weights_->live, weights_->shared, own, context_.options.strategy.domain_rate);
    return;
  }
  if (moves_.empty()) moves_ = own.zeros();
  moves_.add_move(weights_->live, weights_->shared, own, 1);
}

void Regularization::domain_done(int64_t domain, size_t helpers) {
  if (!moves_.empty())
    weights_->own[static_cast<size_t>(domain)].add(
        moves_, context_.options.strategy.domain_rate / static_cast<double>(helpers));
  moves_ = {};
  weights_->put(-1);
}

std::vector<Pass> Regularization::passes(int64_t epoch) {
  std::vector<Pass> plan = one_of_each(epoch);
  std::vector<int64_t> order;
  for (const Pass& pass : plan) order.push_back(pass.domain);
  plan.back().after = [this] { negotiated(); };
  for (const int64_t domain : order) {
    const std::vector<int64_t> helpers = helpers_of(domain, epoch);
    if (helpers.empty()) continue;  // no other domain has rows
    for (const int64_t helper : helpers) {
      plan.push_back({.domain = helper, .before = [this, domain] { weights_->put(domain); }});
      plan.push_back({.domain = domain,
                      .most_batches = context_.options.strategy.query_batches,
                      .after = [this, domain] { query_done(domain); }});
    }
    plan.back().after = [this, domain, count = helpers.size()] {
      query_done(domain);
      domain_done(domain, count);
    };
  }
  return plan;
}

std::map<std::string, Tensor> Regularization::state() const {
  std::map<std::string, Tensor> state;
  weights_->shared.put_into(state, kShared);
  for (size_t d = 0; d < weights_->own.size(); ++d) weights_->own[d].put_into(state, own_prefix(d));
  moves_.put_into(state, kMoves);
  return state;
}

void Regularization::restore(const std::map<std::string, Tensor>& state) {
  weights_->shared.take_from(state, kShared);
  for (size_t d = 0; d < weights_->own.size(); ++d)
    weights_->own[d].take_from(state, own_prefix(d));
  moves_ = {};
  const auto saved = state.lower_bound(kMoves);
  if (saved == state.end() || !saved->first.starts_with(kMoves)) return;
  moves_ = weights_->live.zeros();
  moves_.take_from(state, kMoves);
}

}  // namespace ctr
