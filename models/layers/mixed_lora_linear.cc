#include "models/layers/mixed_lora_linear.h"

#include "engine/check.h"
#include "ops/activation/activation.h"
#include "ops/elementwise/elementwise.h"
#include "ops/gather/gather.h"
#include "ops/linear/linear.h"
#include "ops/shaping/shaping.h"
#include "ops/softmax/softmax.h"

namespace ctr {

DomainGate::DomainGate(const Scope& scope, int64_t domains, const MloraOptions& options)
    : experts_(options.experts),
      only_(options.expert),
      embedding_((scope / "gate")
                     .parameter("embedding", {domains, options.gate_dim}, Initializer::normal(1))),
      weight_((scope / "gate")
                  .parameter("weight", {options.experts, options.gate_dim},
                             Initializer::xavier_normal(options.gate_dim, options.experts))),
      bias_((scope / "gate").parameter("bias", {options.experts}, Initializer::zeros())) {
  CTR_CHECK(only_ < experts_, "mlora: --lora-expert {} is none of the {} experts from 0 on", only_,
            experts_);
}

Var DomainGate::operator()(const Tensor& domains) const {
  if (only_ < 0) return softmax(linear(gather(embedding_, domains), weight_, bias_));
  Tensor all = Tensor::zeros({domains.count(), experts_}, embedding_.value.dtype());
  visit_float(all.dtype(), "mlora", [&](auto zero) {
    auto* gate = all.data<decltype(zero)>();
    for (int64_t row = 0; row < domains.count(); ++row) gate[row * experts_ + only_] = 1;
  });
  return Var(all);
}

MixedLoraLinear::MixedLoraLinear(const Scope& scope, int64_t in, int64_t out, int64_t rank,
                                 const MloraOptions& options, double dropout)
    : rank_(rank),
      scale_(options.scale),
      dropout_(scope, dropout),
      weight_(scope.parameter("weight", {out, in}, Initializer::xavier_normal(in, out))),
      bias_(scope.parameter("bias", {out}, Initializer::zeros())) {
  for (int64_t e = 0; e < options.experts; ++e) {
    const Scope own = scope / "lora_expert" / e;
    experts_.push_back({own.parameter("a", {in, rank}, Initializer::xavier_normal(in, rank)),
                        own.parameter("b", {rank, out}, Initializer::zeros()),
                        own.parameter("bias", {out}, Initializer::zeros())});
  }
}

Var MixedLoraLinear::operator()(const Var& x, const Var& gate, Activation activation) const {
  const int64_t rows = x.dim(0), experts = std::ssize(experts_);
  std::vector<Var> a, b, bias;  // of all experts, side by side
  for (const Expert& expert : experts_) {
    a.emplace_back(expert.a);
    b.emplace_back(expert.b);
    bias.push_back(reshape(expert.bias, {1, expert.bias.value.count()}));
  }
  Var shared = dropout_(linear(x, weight_, bias_));                     // x Wᵀ + b   [B, out]
  Var t = reshape(matmul(x, concat(a)), {rows, experts, rank_});        // x A_e      [B, E, r]
  Var weighed = reshape(scale_rows(t, gate), {rows, experts * rank_});  // g_e x A_e  [B, E r]
  Var mixed = matmul(weighed, concat(b, 0));                            // Σ_e …B_e   [B, out]
  if (scale_ != 1) mixed = scale(mixed, scale_);
  return activate(shared + mixed + matmul(gate, concat(bias, 0)), activation);
}

}  // namespace ctr
