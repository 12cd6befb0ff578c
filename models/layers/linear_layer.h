#pragma once

#include <initializer_list>

#include "autograd/tape.h"
#include "engine/activation.h"

namespace ctr {

// y = activation(x Wᵀ + b): parameters `weight` [out, in] (Xavier normal) and `bias` [out] (zeros).
class LinearLayer {
 public:
  LinearLayer(const Scope& scope, int64_t in, int64_t out);
  Var operator()(const Var& x, Activation activation = Activation::identity) const;
  // Of parts side by side: [x_1 … x_n] Wᵀ + b.
  Var operator()(std::initializer_list<Var> parts) const;

 private:
  const Parameter& weight_;
  const Parameter& bias_;
};

}  // namespace ctr
