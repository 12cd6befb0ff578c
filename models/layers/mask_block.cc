#include "models/layers/mask_block.h"

#include "engine/check.h"
#include "ops/linear/linear.h"
#include "ops/norm/norm.h"

namespace ctr {
namespace {

MlpOptions mask_options(const Scope& scope, const ModelOptions& options, int64_t width) {
  const double ratio = options.masknet.reduction_ratio;
  const auto units = static_cast<int64_t>(static_cast<double>(width) * ratio);
  CTR_CHECK(units >= 1,
            "masknet: a mask of width {} has no hidden unit with a ratio of {}; set "
            "--masknet-reduction-ratio",
            width, ratio);
  MlpOptions shape = mlp_options(options);
  shape.name = scope.path() + "/mask";
  shape.head = shape.name + "/head";
  shape.units = {units};
  shape.out = width;
  shape.activation = "relu";
  shape.batch_norm = false;
  shape.dropout = 0;
  return shape;
}

}  // namespace

MaskBlock::MaskBlock(const Scope& scope, const ModelContext& context, const Tower& tower,
                     int64_t in, int64_t width, int64_t out)
    : dropout_(scope, context.options.dropout),
      mask_(std::make_unique<Mlp>(tower.mlp(in, mask_options(scope, context.options, width)))),
      weight_(scope.parameter("weight", {out, width}, Initializer::xavier_normal(width, out))),
      activation_(scope, context.options.activation, out) {
  if (!context.options.masknet.block_norm) return;
  gamma_ = &(scope / "norm").parameter("weight", {out}, Initializer::constant(1));
  beta_ = &(scope / "norm").parameter("bias", {out}, Initializer::zeros());
}

Var MaskBlock::operator()(const Var& v, const Var& x, const Batch& batch) const {
  Var masked = (*mask_)(v, batch) * x;  // [B, width]
  Var y;                                // [B, out]
  if (gamma_ != nullptr) {
    y = activation_(layer_norm(linear(masked, weight_), *gamma_, *beta_));
  } else if (activation_.plain()) {
    y = linear(masked, weight_, Var(), {*activation_.plain(), WeightLayout::out_in});
  } else {
    y = activation_(linear(masked, weight_));
  }
  return dropout_(y);
}

}  // namespace ctr
