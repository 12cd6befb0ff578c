#include "models/layers/mlp.h"

#include "engine/check.h"
#include "engine/rng.h"
#include "ops/elementwise/elementwise.h"

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

Mlp::Mlp(const Scope& scope, int64_t in, const ModelOptions& options,
         std::span<const int64_t> conditions)
    : scope_(scope),
      activation_(activation_called(options.activation).value()),
      dropout_(options.dropout) {
  const size_t layers = options.hidden_units.size();
  for (size_t l = 0; l < layers; ++l) {
    const Scope layer = scope / "mlp" / static_cast<int64_t>(l);
    const int64_t out = options.hidden_units[l];
    if (options.linear == "apg") {
      generated_.push_back(std::make_unique<ApgLinear>(
          layer, in, out, conditions, options.apg,
          of_layer(options.apg.rank_k, l, layers, "--rank-k"),
          of_layer(options.apg.overparam_p, l, layers, "--overparam-p")));
    } else {
      plain_.emplace_back(layer, in, out);
    }
    in = out;
  }
  head_ = std::make_unique<LinearLayer>(scope / "head", in, 1);
}

Var Mlp::operator()(const Var& x, std::span<const BatchCondition> conditions) const {
  const Mode& mode = scope_.mode();
  Var h = x;
  for (size_t l = 0; l < plain_.size() + generated_.size(); ++l) {
    h = generated_.empty() ? plain_[l](h, activation_)
                           : (*generated_[l])(h, conditions, activation_);
    if (mode.training) h = dropout(h, dropout_, {mode.seed, 0xD0 + l, mode.step});
  }
  return (*head_)(h);
}

}  // namespace ctr
