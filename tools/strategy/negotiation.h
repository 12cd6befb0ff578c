#pragma once
// Domain negotiation and its kin: passes over domains whose outcome the weights follow part of the
// way.

#include "tools/strategy/parameter_set.h"
#include "tools/strategy/strategy.h"

namespace ctr {

// Passes over single domains, one after the other; no more than that (`alternate`).
class Alternate : public Strategy {
 public:
  using Strategy::Strategy;
  std::vector<Pass> passes(int64_t epoch) override { return one_of_each(epoch); }
};

// θ ← θ + β (Θ̃ − θ), where Θ̃ is where passes from θ led:
//   dn       one pass over every domain (Luo et al., ICDE 2023, algorithm 1)
//   reptile  a pass over one domain, for each of them in turn (Nichol et al., 2018)
class Follow : public Strategy {
 public:
  Follow(const StrategyContext& context, bool each_domain);

  std::vector<Pass> passes(int64_t epoch) override;
  // θ, within an epoch.
  std::map<std::string, Tensor> state() const override;
  void restore(const std::map<std::string, Tensor>& state) override;

 private:
  void begin();
  void end();

  bool each_domain_;
  double rate_;
  ParameterSet live_;
  ParameterSet start_;  // θ; empty between epochs
};

}  // namespace ctr
