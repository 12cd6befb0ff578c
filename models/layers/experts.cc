#include "models/layers/experts.h"

#include "engine/check.h"
#include "ops/experts/experts.h"
#include "ops/linear/linear.h"
#include "ops/shaping/shaping.h"
#include "ops/softmax/softmax.h"

namespace ctr {

Experts::Experts(const Scope& scope, int64_t in, int64_t count, const ModelOptions& options)
    : count_(count), width_(in), dropout_(scope / "expert", options.dropout) {
  CTR_CHECK(!options.task.expert_units.empty(),
            "experts: an expert needs a layer; set --expert-units");
  for (const int64_t out : options.task.expert_units) {
    const Scope place = scope / "expert" / std::ssize(layers_);
    layers_.push_back(
        {place.parameter("weight", {count, out, width_}, Initializer::xavier_normal(width_, out)),
         place.parameter("bias", {count, out}, Initializer::zeros()),
         options.batch_norm ? std::make_unique<BatchNormLayer>(place / "bn", count * out) : nullptr,
         ActivationLayer(place, options.activation, count * out)});
    width_ = out;
  }
}

Var Experts::operator()(const Var& x) const {
  Var f = x;
  for (size_t l = 0; l < layers_.size(); ++l) {
    const Layer& layer = layers_[l];
    const bool fused = !layer.norm && layer.activation.plain();
    f = expert_linear(f, layer.weight, layer.bias,
                      fused ? *layer.activation.plain() : Activation::identity);  // [B, E, out]
    const Shape shape = f.shape();
    Var side = flatten(f);  // [B, E out]
    if (layer.norm) side = (*layer.norm)(side);
    if (!fused) side = layer.activation(side);
    f = reshape(dropout_(side, l), shape);
  }
  return f;
}

Gate::Gate(const Scope& scope, int64_t in, int64_t experts, const ModelOptions& options) {
  const TaskOptions& own = options.task;
  if (own.gate_units.empty() && !own.gate_bias) {
    weight_ = &scope.parameter("weight", {experts, in}, Initializer::xavier_normal(in, experts));
    return;
  }
  MlpOptions shape = mlp_options(options);
  shape.units = own.gate_units;
  shape.out = experts;
  shape.linear = "plain";
  mlp_ = std::make_unique<Mlp>(scope, in, shape);
}

Var Gate::operator()(const Var& x) const {
  return softmax(mlp_ ? (*mlp_)(x) : linear(x, *weight_));
}

}  // namespace ctr
