#include "models/layers/transformer_block.h"

#include <cmath>

#include "engine/check.h"
#include "models/layers/attention_heads.h"
#include "ops/linear/linear.h"
#include "ops/norm/norm.h"
#include "ops/sequence/sequence.h"
#include "ops/shaping/shaping.h"

namespace ctr {

TransformerBlock::TransformerBlock(const Scope& scope, int64_t width, double dropout,
                                   const BstOptions& options)
    : width_(width),
      heads_(options.heads),
      dropout_(scope, dropout),
      attention_dropout_(scope, options.attention_dropout),
      causal_(options.causal),
      residual_(options.residual),
      in_weight_((scope / "attention/in")
                     .parameter("weight", {3 * width, width},
                                Initializer::xavier_uniform(width, 3 * width))),
      in_bias_((scope / "attention/in").parameter("bias", {3 * width}, Initializer::zeros())),
      // U(±1/√M), as of a variance over 6 M fans
      out_weight_((scope / "attention/out")
                      .parameter("weight", {width, width},
                                 Initializer::xavier_uniform(3 * width, 3 * width))),
      out_bias_((scope / "attention/out").parameter("bias", {width}, Initializer::zeros())),
      ffn1_(scope / "ffn/0", width, width),
      ffn2_(scope / "ffn/1", width, width),
      norm1_(norm_of(scope / "norm1", options.layer_norm)),
      norm2_(norm_of(scope / "norm2", options.layer_norm)) {
  CTR_CHECK(width % heads_ == 0,
            "bst: {} heads do not divide the width {} of a place (its fields' vectors and its "
            "position's); set --bst-heads",
            heads_, width);
}

TransformerBlock::Norm TransformerBlock::norm_of(const Scope& scope, bool wanted) const {
  if (!wanted) return {};
  return {&scope.parameter("weight", {width_}, Initializer::constant(1)),
          &scope.parameter("bias", {width_}, Initializer::zeros())};
}

Var TransformerBlock::joined(const Var& x, const Var& change, const Norm& norm,
                             uint64_t use) const {
  Var y = dropout_(change, use);
  if (residual_) y = y + x;
  return norm.gamma != nullptr ? layer_norm(y, *norm.gamma, *norm.beta) : y;
}

// MHA of x [B, L, M] → [B L, M]
Var TransformerBlock::attention(const Var& x, const Tensor& mask) const {
  const int64_t rows = x.dim(0), length = x.dim(1), width = width_ / heads_;
  const Var all = linear(reshape(x, {rows * length, width_}), in_weight_, in_bias_);  // [B L, 3M]
  const int64_t sizes[] = {width_, width_, width_};
  std::vector<Var> parts = split(all, sizes);
  for (Var& part : parts) part = split_heads(part, rows, heads_);   // [B H, L, M/H]
  Var scores = batched_matmul(parts[0], parts[1], Transpose::yes);  // [B H, L, L]
  Var a =
      attention_softmax(scores, mask, heads_, causal_, 1 / std::sqrt(static_cast<double>(width)));
  Var mixed = batched_matmul(attention_dropout_(a, 2), parts[2]);  // [B H, L, M/H]
  return linear(join_heads(mixed, rows), out_weight_, out_bias_);
}

Var TransformerBlock::operator()(const Var& x, const Tensor& mask) const {
  const Var flat = reshape(x, {x.dim(0) * x.dim(1), width_});  // [B L, M]
  Var s = joined(flat, attention(x, mask), norm1_, 0);         // [B L, M]
  Var change = ffn2_(ffn1_(s, Activation::leaky_relu));        // [B L, M]
  return reshape(joined(s, change, norm2_, 1), x.shape());     // [B, L, M]
}

}  // namespace ctr
