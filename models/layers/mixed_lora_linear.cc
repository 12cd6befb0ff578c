#include "models/layers/mixed_lora_linear.h"

#include "ops/activation/activation.h"
#include "ops/elementwise/elementwise.h"
#include "ops/gather/gather.h"
#include "ops/linear/linear.h"
#include "ops/shaping/shaping.h"
#include "ops/softmax/softmax.h"

namespace ctr {

DomainGate::DomainGate(const Scope& scope, int64_t domains, const MloraOptions& options)
    : embedding_((scope / "gate")
                     .parameter("embedding", {domains, options.gate_dim}, Initializer::normal(1))),
      weight_((scope / "gate")
                  .parameter("weight", {options.experts, options.gate_dim},
                             Initializer::xavier_normal(options.gate_dim, options.experts))),
      bias_((scope / "gate").parameter("bias", {options.experts}, Initializer::zeros())) {}

Var DomainGate::operator()(const Tensor& domains) const {
  return softmax(linear(gather(embedding_, domains), weight_, bias_));
}

MixedLoraLinear::MixedLoraLinear(const Scope& scope, int64_t in, int64_t out, int64_t rank,
                                 const MloraOptions& options, double dropout)
    : experts_(options.experts),
      rank_(rank),
      scale_(options.scale),
      dropout_(scope, dropout),
      weight_(scope.parameter("weight", {out, in}, Initializer::xavier_normal(in, out))),
      bias_(scope.parameter("bias", {out}, Initializer::zeros())),
      a_(scope.parameter("lora_a", {in, experts_ * rank}, Initializer::xavier_normal(in, rank))),
      b_(scope.parameter("lora_b", {experts_ * rank, out}, Initializer::zeros())),
      expert_bias_(scope.parameter("lora_bias", {experts_, out}, Initializer::zeros())) {}

Var MixedLoraLinear::operator()(const Var& x, const Var& gate, Activation activation) const {
  const int64_t rows = x.dim(0);
  Var shared = dropout_(linear(x, weight_, bias_));                      // x Wᵀ + b   [B, out]
  Var t = reshape(matmul(x, a_), {rows, experts_, rank_});               // x A_e      [B, E, r]
  Var weighed = reshape(scale_rows(t, gate), {rows, experts_ * rank_});  // g_e x A_e  [B, E r]
  Var mixed = matmul(weighed, b_);                                       // Σ_e …B_e   [B, out]
  if (scale_ != 1) mixed = scale(mixed, scale_);
  return activate(shared + mixed + matmul(gate, expert_bias_), activation);
}

}  // namespace ctr
