#include "models/layers/cross_net.h"

#include "ops/cross/cross.h"

namespace ctr {

CrossNet::CrossNet(const Scope& scope, int64_t width, int64_t layers) {
  for (int64_t l = 0; l < layers; ++l) {
    const Scope own = scope / l;
    layers_.push_back({&own.parameter("weight", {1, width}, Initializer::xavier_normal(width, 1)),
                       &own.parameter("bias", {width}, Initializer::zeros())});
  }
}

Var CrossNet::layer(int64_t index, const Var& x0, const Var& x, bool residual) const {
  const Layer& own = layers_[static_cast<size_t>(index)];
  return cross_vector(x0, x, *own.weight, *own.bias, residual);
}

Var CrossNet::operator()(const Var& x0) const {
  Var x = x0;
  for (size_t l = 0; l < layers_.size(); ++l) x = layer(static_cast<int64_t>(l), x0, x);
  return x;
}

GatedCrossNet::GatedCrossNet(const Scope& scope, int64_t width, int64_t layers) {
  const Initializer matrix = Initializer::xavier_normal(width, width);
  for (int64_t l = 0; l < layers; ++l) {
    const Scope own = scope / l;
    layers_.push_back({&own.parameter("weight", {width, width}, matrix),
                       &own.parameter("gate", {width, width}, matrix),
                       &own.parameter("bias", {width}, Initializer::uniform(1))});
  }
}

Var GatedCrossNet::operator()(const Var& x0) const {
  Var x = x0;
  for (const Layer& l : layers_) x = cross_gated(x0, x, *l.weight, *l.gate, *l.bias);
  return x;
}

}  // namespace ctr
