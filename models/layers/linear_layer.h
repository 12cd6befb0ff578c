#pragma once

#include "autograd/tape.h"
#include "engine/activation.h"

namespace ctr {

// y = activation(x Wᵀ + b): parameters `weight` [out, in] (Xavier normal) and `bias` [out] (zeros).
class LinearLayer {
 public:
  LinearLayer(const Scope& scope, int64_t in, int64_t out);
  Var operator()(const Var& x, Activation activation = Activation::identity) const;

 private:
  const Parameter& weight_;
  const Parameter& bias_;
};

}  // namespace ctr
