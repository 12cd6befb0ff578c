#pragma once

#include "autograd/tape.h"
#include "ops/norm/norm.h"
#include "ops/norm/norm_relu.h"

namespace ctr {

// Layer norm over the last axis: parameters `gamma` (ones) and `beta` (zeros), [width] each.
class NormLayer {
 public:
  NormLayer(const Scope& scope, int64_t width, double epsilon)
      : gamma_(scope.parameter("gamma", {width}, Initializer::constant(1))),
        beta_(scope.parameter("beta", {width}, Initializer::zeros())),
        epsilon_(epsilon) {}

  Var operator()(const Var& x) const { return layer_norm(x, gamma_, beta_, epsilon_); }
  // rest + ReLU of that; without rest, the ReLU alone.
  Var relu(const Var& x, const Var& rest = {}) const {
    return norm_relu(x, gamma_, beta_, rest, epsilon_);
  }

  const Parameter& gamma() const { return gamma_; }
  const Parameter& beta() const { return beta_; }
  double epsilon() const { return epsilon_; }

 private:
  const Parameter& gamma_;
  const Parameter& beta_;
  double epsilon_;
};

}  // namespace ctr
