#include "models/layers/mlp.h"

#include "engine/check.h"

namespace ctr {
namespace {

// A list with one value for all layers, or one each.
int64_t of_layer(const IntList& list, size_t layer, size_t layers, const char* name) {
  if (list.empty()) return 0;
  CTR_CHECK(list.size() == 1 || list.size() == layers,
            "apg: {} takes one value or {} (one per layer), got {}", name, layers, list.size());
  return list.size() == 1 ? list[0] : list[layer];
}

}  // namespace

MlpOptions mlp_options(const ModelOptions& options) {
  MlpOptions shape;
  shape.units = options.hidden_units;
  shape.activation = options.activation;
  shape.dropout = options.dropout;
  shape.batch_norm = options.batch_norm;
  shape.linear = options.linear;
  return shape;
}

Mlp::Mlp(const Scope& scope, int64_t in, const MlpOptions& shape, const ApgOptions& apg,
         const Condition* condition)
    : dropout_(scope / shape.name, shape.dropout), width_(in), condition_(condition) {
  const Scope own = scope / shape.name;
  const size_t layers = shape.units.size();
  for (size_t l = 0; l < layers; ++l) {
    const Scope place = own / static_cast<int64_t>(l);
    const int64_t out = shape.units[l];
    Layer& layer = layers_.emplace_back();
    if (shape.linear == "apg") {
      CTR_ASSERT(condition != nullptr);
      layer.generated = std::make_unique<ApgLinear>(
          place, width_, out, condition->widths(), apg, of_layer(apg.rank_k, l, layers, "--rank-k"),
          of_layer(apg.overparam_p, l, layers, "--overparam-p"));
    } else {
      layer.plain = std::make_unique<LinearLayer>(place, width_, out);
    }
    if (shape.batch_norm) layer.norm = std::make_unique<BatchNormLayer>(place / "bn", out);
    layer.activation = std::make_unique<ActivationLayer>(place, shape.activation, out);
    width_ = out;
  }
  if (shape.out == 0) return;
  head_ = std::make_unique<LinearLayer>(scope / shape.head, width_, shape.out);
  width_ = shape.out;
}

// A plain activation right after the product is applied inside it.
Var Mlp::hidden(const Layer& layer, const Var& x, std::span<const BatchCondition> z) const {
  const bool fused = !layer.norm && layer.activation->plain();
  const Activation inside = fused ? *layer.activation->plain() : Activation::identity;
  Var h = layer.plain ? (*layer.plain)(x, inside) : (*layer.generated)(x, z, inside);
  if (layer.norm) h = (*layer.norm)(h);
  return fused ? h : (*layer.activation)(h);
}

Var Mlp::run(const Var& x, std::span<const BatchCondition> z) const {
  Var h = x;
  for (size_t l = 0; l < layers_.size(); ++l) h = dropout_(hidden(layers_[l], h, z), l);
  return head_ ? (*head_)(h) : h;
}

Var Mlp::operator()(const Var& x, const Batch& batch) const {
  if (condition_ == nullptr) return run(x, {});
  return run(x, (*condition_)(batch));
}

Var Mlp::operator()(const Var& x) const {
  CTR_ASSERT(condition_ == nullptr);
  return run(x, {});
}

}  // namespace ctr
