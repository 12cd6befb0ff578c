#include "models/layers/linear_layer.h"

#include "ops/linear/linear.h"

namespace ctr {

LinearLayer::LinearLayer(const Scope& scope, int64_t in, int64_t out)
    : weight_(scope.parameter("weight", {out, in}, Initializer::xavier_normal(in, out))),
      bias_(scope.parameter("bias", {out}, Initializer::zeros())) {}

Var LinearLayer::operator()(const Var& x, Activation activation) const {
  return linear(x, weight_, bias_, {activation, WeightLayout::out_in});
}

Var LinearLayer::operator()(std::initializer_list<Var> parts) const {
  return linear_parts(std::span<const Var>(parts.begin(), parts.size()), weight_, bias_);
}

}  // namespace ctr
