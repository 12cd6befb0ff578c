#include "models/layers/interacting_layer.h"

#include <cmath>

#include "engine/check.h"
#include "ops/activation/activation.h"
#include "ops/attention/attention.h"
#include "ops/linear/linear.h"
#include "ops/norm/norm.h"
#include "ops/shaping/shaping.h"

namespace ctr {

InteractingLayer::InteractingLayer(const Scope& scope, int64_t in, const AutoIntOptions& options,
                                   double dropout)
    : dropout_(scope / "dropout", dropout),
      heads_(options.heads),
      width_(options.dim_per_head ? options.dim * options.heads : options.dim),
      scale_(1),
      epsilon_(options.layer_norm == "after" ? 1e-8 : 1e-5),  // the authors', FuxiCTR's
      relu_(options.projection == "relu"),
      identity_(options.residual == "identity" && in == width_),
      norm_before_(options.layer_norm == "before"),
      norm_after_(options.layer_norm == "after") {
  CTR_CHECK(width_ % heads_ == 0,
            "autoint: {} heads must divide the width {}; set --autoint-heads and --autoint-dim",
            heads_, width_);
  if (options.scale) scale_ = 1 / std::sqrt(static_cast<double>(width_ / heads_));
  query_ = projection(scope / "query", in);
  key_ = projection(scope / "key", in);
  value_ = projection(scope / "value", in);
  if (options.residual != "none" && !identity_) residual_ = projection(scope / "residual", in);
  if (!norm_before_ && !norm_after_) return;
  gamma_ = &(scope / "norm").parameter("weight", {width_}, Initializer::constant(1));
  beta_ = &(scope / "norm").parameter("bias", {width_}, Initializer::zeros());
}

InteractingLayer::Projection InteractingLayer::projection(const Scope& scope, int64_t in) const {
  return {&scope.parameter("weight", {width_, in}, Initializer::xavier_normal(in, width_)),
          relu_ ? &scope.parameter("bias", {width_}, Initializer::zeros()) : nullptr};
}

// x [B, F, I] → [B, F, A]
Var InteractingLayer::projected(const Var& x, const Projection& by) const {
  const Var rows = reshape(x, {x.dim(0) * x.dim(1), x.dim(2)});
  const Var y =
      relu_ ? linear(rows, *by.weight, *by.bias, {Activation::relu}) : linear(rows, *by.weight);
  return reshape(y, {x.dim(0), x.dim(1), width_});
}

Var InteractingLayer::normalised(const Var& x) const {
  return layer_norm(x, *gamma_, *beta_, epsilon_);
}

Var InteractingLayer::operator()(const Var& x) const {
  const Var shares = attention_weights(projected(x, query_), projected(x, key_), heads_,
                                       scale_);  // softmax(Q_h K_hᵀ)       [B, H, F, F]
  Var mixed = attention_mix(dropout_(shares), projected(x, value_));  // O       [B, F, A]
  if (identity_) mixed = mixed + x;
  if (residual_.weight != nullptr) mixed = mixed + projected(x, residual_);
  if (norm_before_) mixed = normalised(mixed);
  const Var y = relu(mixed);
  return norm_after_ ? normalised(y) : y;
}

}  // namespace ctr
