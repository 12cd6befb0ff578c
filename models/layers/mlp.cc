#include "models/layers/mlp.h"

#include <algorithm>

#include "engine/check.h"

namespace ctr {
namespace {

// A list with one value for all layers, or one each.
int64_t of_layer(const IntList& list, size_t layer, size_t layers, const char* name) {
  if (list.empty()) return 0;
  CTR_CHECK(list.size() == 1 || list.size() == layers,
            "{} takes one value or {} (one per layer), got {}", name, layers, list.size());
  return list.size() == 1 ? list[0] : list[layer];
}

// The rank of an adapter of a layer that is `out` wide.
int64_t lora_rank(const MloraOptions& options, size_t layer, size_t layers, int64_t out) {
  if (!options.rank.empty()) return of_layer(options.rank, layer, layers, "mlora: --lora-rank");
  return std::max<int64_t>(1, static_cast<int64_t>(static_cast<double>(out) / options.reduce));
}

// Whether dropout falls on the shared branch inside the layers, not on their outputs.
bool drops_inside(const MlpOptions& shape, const RowWeights& weights) {
  return shape.linear == "mlora" && weights.mlora.dropout == "shared";
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

Mlp::Mlp(const Scope& scope, int64_t in, const MlpOptions& shape, const RowWeights& weights)
    : dropout_(scope / shape.name, drops_inside(shape, weights) ? 0 : shape.dropout),
      width_(in),
      condition_(shape.linear == "apg" ? weights.condition : nullptr),
      domains_(shape.linear == "mlora" ? weights.domains : 0),
      gate_(shape.linear == "mlora" && weights.mlora.experts > 0 ? weights.gate : nullptr) {
  CTR_ASSERT(shape.linear != "apg" || condition_ != nullptr);
  CTR_ASSERT(shape.linear != "mlora" || domains_ > 0);
  const Scope own = scope / shape.name;
  for (size_t l = 0; l < shape.units.size(); ++l) {
    layers_.push_back(make_layer(own / static_cast<int64_t>(l), shape.units[l], shape, weights, l));
    width_ = shape.units[l];
  }
  if (shape.out == 0) return;
  head_ = std::make_unique<LinearLayer>(scope / shape.head, width_, shape.out);
  width_ = shape.out;
}

// The layer after the present ones: width_ → out.
Mlp::Layer Mlp::make_layer(const Scope& place, int64_t out, const MlpOptions& shape,
                           const RowWeights& weights, size_t index) const {
  const size_t layers = shape.units.size();
  Layer layer;
  if (shape.linear == "apg") {
    const ApgOptions& apg = weights.apg;
    layer.generated =
        std::make_unique<ApgLinear>(place, width_, out, condition_->widths(), apg,
                                    of_layer(apg.rank_k, index, layers, "apg: --rank-k"),
                                    of_layer(apg.overparam_p, index, layers, "apg: --overparam-p"));
  } else if (shape.linear == "mlora") {
    const int64_t rank = lora_rank(weights.mlora, index, layers, out);
    const double dropout = drops_inside(shape, weights) ? shape.dropout : 0;
    if (gate_ != nullptr) {
      layer.mixed =
          std::make_unique<MixedLoraLinear>(place, width_, out, rank, weights.mlora, dropout);
    } else {
      layer.adapted =
          std::make_unique<LoraLinear>(place, width_, out, domains_, rank, weights.mlora, dropout);
    }
  } else {
    layer.plain = std::make_unique<LinearLayer>(place, width_, out);
  }
  if (shape.batch_norm) layer.norm = std::make_unique<BatchNormLayer>(place / "bn", out);
  layer.activation = std::make_unique<ActivationLayer>(place, shape.activation, out);
  return layer;
}

// A plain activation right after the product is applied inside it.
Var Mlp::hidden(const Layer& layer, const Var& x, const Rows& rows) const {
  const bool fused = !layer.norm && layer.activation->plain();
  const Activation inside = fused ? *layer.activation->plain() : Activation::identity;
  Var h = layer.plain     ? (*layer.plain)(x, inside)
          : layer.adapted ? (*layer.adapted)(x, rows.domains, inside)
          : layer.mixed   ? (*layer.mixed)(x, rows.gate, inside)
                          : (*layer.generated)(x, rows.conditions, inside);
  if (layer.norm) h = (*layer.norm)(h);
  return fused ? h : (*layer.activation)(h);
}

Var Mlp::run(const Var& x, const Rows& rows) const {
  Var h = x;
  for (size_t l = 0; l < layers_.size(); ++l) h = dropout_(hidden(layers_[l], h, rows), l);
  return head_ ? (*head_)(h) : h;
}

Var Mlp::operator()(const Var& x, const Batch& batch) const {
  Rows rows;
  if (condition_ != nullptr) rows.conditions = (*condition_)(batch);
  if (gate_ != nullptr)
    rows.gate = (*gate_)(batch.domain);
  else if (domains_ > 0)
    rows.domains = group_rows(batch.domain, domains_);
  return run(x, rows);
}

Var Mlp::operator()(const Var& x) const {
  CTR_ASSERT(condition_ == nullptr && domains_ == 0);
  return run(x, {});
}

}  // namespace ctr
