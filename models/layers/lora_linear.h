#pragma once

#include "autograd/tape.h"
#include "engine/activation.h"
#include "models/layers/dropout_layer.h"
#include "models/options/mlora_options.h"
#include "ops/linear/linear.h"

namespace ctr {

// A linear layer with a low-rank adapter per domain (MLoRA: Gao et al., RecSys 2024, eq. 5):
//   y = activation(x Wᵀ + b + (x A_d) B_d + β_d), d the row's domain
// Parameters `weight` [out, in] (Xavier normal), `bias` [out], and of all domains `lora_a`
// [D, in, r] (Xavier normal), `lora_b` [D, r, out], `lora_bias` [D, out] (zeros). Where nothing
// records, W + A_d B_d is multiplied out once per set of weights, as long as that is small. Dropout
// is that of x Wᵀ + b.
class LoraLinear {
 public:
  LoraLinear(const Scope& scope, int64_t in, int64_t out, int64_t domains, int64_t rank,
             const MloraOptions& options, double dropout);

  Var operator()(const Var& x, const RowGroups& domains, Activation activation) const;

 private:
  Var folded(const Var& x, const RowGroups& domains, Activation activation) const;

  const Scope scope_;
  double scale_;
  double rate_;  // of dropout
  DropoutLayer dropout_;
  const Parameter& weight_;
  const Parameter& bias_;
  const Parameter& a_;
  const Parameter& b_;
  const Parameter& domain_bias_;
  mutable FoldedLowRank folded_;
  mutable uint64_t version_ = ~uint64_t{0};
};

}  // namespace ctr
