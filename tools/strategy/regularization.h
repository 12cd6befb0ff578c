#pragma once
// Domain regularization, and MAMDR: negotiation, then regularization (Luo et al., ICDE 2023,
// algorithms 2 and 3).

#include "tools/strategy/parameter_set.h"
#include "tools/strategy/strategy.h"

namespace ctr {

// Θ_i = θ_S + θ_i, over all trained weights.
struct DomainOffsets : DomainWeights {
  explicit DomainOffsets(ParameterStore& of);
  void put(int64_t domain) override;

  ParameterStore& store;
  ParameterSet live;              // of the model
  ParameterSet shared;            // θ_S
  std::vector<ParameterSet> own;  // θ_i; memory: all trained weights for each domain
};

// An epoch: a pass over every domain from θ_S, then
//   θ_S ← θ_S + β (Θ̃ − θ_S)        (`dr`: β = 1)
// and for each domain i, its helpers j being k others at random, and i itself as the last:
//   Θ̃ ← θ_S + θ_i;   a pass over j, then one over i;   θ_i ← θ_i + γ (Θ̃ − (θ_S + θ_i))
// With --average-moves all helpers begin from the same Θ̃, and θ_i moves by γ times their mean.
class Regularization : public Strategy {
 public:
  Regularization(const StrategyContext& context, double outer_rate);

  std::vector<Pass> passes(int64_t epoch) override;
  std::shared_ptr<DomainWeights> domain_weights() override { return weights_; }
  std::map<std::string, Tensor> state() const override;
  void restore(const std::map<std::string, Tensor>& state) override;

 private:
  void begin_random();
  void negotiated();
  void query_done(int64_t domain);
  void domain_done(int64_t domain, size_t helpers);
  std::vector<int64_t> helpers_of(int64_t domain, int64_t epoch) const;

  double rate_;
  std::shared_ptr<DomainOffsets> weights_;
  ParameterSet moves_;  // of --average-moves: Σ_j, while a domain's helpers go
};

}  // namespace ctr
