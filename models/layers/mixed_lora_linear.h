#pragma once

#include <vector>

#include "autograd/tape.h"
#include "engine/activation.h"
#include "models/layers/dropout_layer.h"
#include "models/options/mlora_options.h"

namespace ctr {

// How much of each expert a domain takes: g = softmax(W v_d + b), from vectors v_d of its own; with
// --lora-expert e all of expert e, whatever the domain, and nothing of the others.
// Parameters `gate/embedding` [D, --lora-gate-dim] (normal), `gate/weight` [E, …] (Xavier normal),
// `gate/bias` [E] (zeros).
class DomainGate {
 public:
  // Throws when --lora-expert is none of the experts.
  DomainGate(const Scope& scope, int64_t domains, const MloraOptions& options);
  // Domains i64 [B] → [B, E].
  Var operator()(const Tensor& domains) const;

 private:
  int64_t experts_, only_;
  const Parameter& embedding_;
  const Parameter& weight_;
  const Parameter& bias_;
};

// A linear layer with a mixture of low-rank adapters (MoE-MLoRA, arXiv 2506.07563):
//   y = activation(x Wᵀ + b + Σ_e g_e ((x A_e) B_e + β_e)), g the gate of the row's domain
// Parameters `weight` [out, in] (Xavier normal), `bias` [out], and of each expert
// `lora_expert/<e>/a` [in, r] (Xavier normal), `…/b` [r, out], `…/bias` [out] (zeros), so that one
// may be trained alone (--trainable). Dropout is that of x Wᵀ + b.
class MixedLoraLinear {
 public:
  MixedLoraLinear(const Scope& scope, int64_t in, int64_t out, int64_t rank,
                  const MloraOptions& options, double dropout);

  // x [B, in], gate [B, E] → [B, out]
  Var operator()(const Var& x, const Var& gate, Activation activation) const;

 private:
  struct Expert {
    const Parameter& a;
    const Parameter& b;
    const Parameter& bias;
  };
  int64_t rank_;
  double scale_;
  DropoutLayer dropout_;
  const Parameter& weight_;
  const Parameter& bias_;
  std::vector<Expert> experts_;
};

}  // namespace ctr
