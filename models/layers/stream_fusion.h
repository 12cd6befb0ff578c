#pragma once

#include <string>

#include "autograd/tape.h"
#include "models/layers/linear_layer.h"
#include "models/options/finalmlp_options.h"

namespace ctr {

// How FinalMLP's streams o_1 [B, N] and o_2 [B, M] meet in a logit (Mao et al., AAAI 2023, §4.3):
//   bilinear  w_1ᵀ o_1 + b_1 + w_2ᵀ o_2 + b_2 + Σ_h o_{1,h}ᵀ W_h o_{2,h}: parameters `1/…`, `2/…`
//             and `bilinear` [H · N/H · M/H, 1], Xavier normal over that shape
//   sum       wᵀ (o_1 + o_2) + b           product   wᵀ (o_1 ⊙ o_2) + b       of equal widths
//   concat    wᵀ [o_1, o_2] + b
class StreamFusion {
 public:
  StreamFusion(const Scope& scope, int64_t width1, int64_t width2, const FinalMlpOptions& options);
  // → [B, 1]
  Var operator()(const Var& o1, const Var& o2) const;

 private:
  std::string kind_;
  int64_t heads_;
  std::unique_ptr<LinearLayer> first_, second_;  // of all kinds but bilinear: the first alone
  const Parameter* bilinear_ = nullptr;
};

}  // namespace ctr
