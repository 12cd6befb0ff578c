#pragma once

#include <vector>

#include "autograd/tape.h"

namespace ctr {

// Cross network of vectors (Wang et al., ADKDD 2017): x_{l+1} = x0 (x_l · w_l) + b_l + x_l.
// Parameters `<l>/weight` [1, D] (Xavier normal) and `<l>/bias` [D] (zeros).
class CrossNet {
 public:
  CrossNet(const Scope& scope, int64_t width, int64_t layers);
  Var operator()(const Var& x0) const;
  // One layer; without `residual`, no + x.
  Var layer(int64_t index, const Var& x0, const Var& x, bool residual = true) const;

 private:
  struct Layer {
    const Parameter* weight;
    const Parameter* bias;
  };
  std::vector<Layer> layers_;
};

// Gated cross network (Wang et al., CIKM 2023): x_{l+1} = x0 ⊙ (W_l x_l + b_l) ⊙ σ(G_l x_l) + x_l.
// Parameters `<l>/weight` [D, D] and `<l>/gate` [D, D] (Xavier normal), `<l>/bias` [D] (uniform in
// (0, 1), as FuxiCTR begins it).
class GatedCrossNet {
 public:
  GatedCrossNet(const Scope& scope, int64_t width, int64_t layers);
  Var operator()(const Var& x0) const;

 private:
  struct Layer {
    const Parameter* weight;
    const Parameter* gate;
    const Parameter* bias;
  };
  std::vector<Layer> layers_;
};

}  // namespace ctr
