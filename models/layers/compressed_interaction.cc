#include "models/layers/compressed_interaction.h"

#include "engine/check.h"
#include "ops/activation/activation.h"
#include "ops/fields/field_mixing.h"
#include "ops/reduce/reduce.h"
#include "ops/shaping/shaping.h"

namespace ctr {

CompressedInteraction::CompressedInteraction(const Scope& scope, int64_t fields,
                                             const CinOptions& options)
    : activation_(activation_called(options.activation).value()), split_half_(options.split_half) {
  CTR_CHECK(!options.units.empty(), "xdeepfm: the CIN needs at least one layer; set --cin-units");
  const Scope own = scope / "cin";
  int64_t maps = fields, pooled = 0;
  for (size_t k = 0; k < options.units.size(); ++k) {
    const int64_t units = options.units[k];
    const bool splits = split_half_ && k + 1 < options.units.size();
    CTR_CHECK(!splits || units % 2 == 0,
              "xdeepfm: with --cin-split-half the maps of CIN layer {} must be even, got {}", k + 1,
              units);
    const Scope place = own / static_cast<int64_t>(k + 1);
    Layer& layer = layers_.emplace_back();
    layer.weight = &place.parameter("weight", {units, fields * maps},
                                    Initializer::xavier_normal(fields * maps, units));
    layer.bias = options.bias ? &place.parameter("bias", {units}, Initializer::zeros()) : nullptr;
    layer.passed = splits ? units / 2 : units;
    layer.pooled = splits ? units - layer.passed : units;
    maps = layer.passed;
    pooled += layer.pooled;
  }
  head_ = std::make_unique<LinearLayer>(own / "head", pooled, 1);
}

Var CompressedInteraction::operator()(const Var& v) const {
  std::vector<Var> pooled;
  Var x = v;  // X^{k−1}                                               [B, H_{k−1}, D]
  for (const Layer& layer : layers_) {
    const Var bias = layer.bias == nullptr ? Var() : Var(*layer.bias);
    Var maps = activate(cin_layer(v, x, *layer.weight, bias), activation_);  // X^k [B, H_k, D]
    Var last = maps;
    x = maps;
    if (layer.passed + layer.pooled == maps.dim(1)) {
      const std::vector<int64_t> halves{layer.passed, layer.pooled};
      const std::vector<Var> parts = split(maps, halves, 1);
      x = parts[0];
      last = parts[1];
    }
    pooled.push_back(sum(last, -1));  // p^k                            [B, H_k]
  }
  return (*head_)(concat(pooled));
}

}  // namespace ctr
