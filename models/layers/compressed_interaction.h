#pragma once

#include <memory>
#include <vector>

#include "autograd/tape.h"
#include "engine/activation.h"
#include "models/layers/linear_layer.h"
#include "models/options/cin_options.h"

namespace ctr {

// xDeepFM's compressed interaction network (Lian et al., KDD 2018, eq. 6–8), with X⁰ = [v_1 … v_F]
// and H_0 = F:
//   X^k_o = activation(Σ_h Σ_m W^k_{o,(h,m)} (X⁰_h ⊙ X^{k−1}_m) + b^k_o),  p^k_o = Σ_d X^k_{o,d},
//   y = w · [p^1 … p^L] + b
// Parameters `cin/<k>/weight` [H_k, F H_{k−1}] (Xavier normal) and `cin/<k>/bias` [H_k] (zeros), k
// from 1, and `cin/head/…`. With split_half, all layers but the last hand on the first half of
// their maps and pool the second alone.
class CompressedInteraction {
 public:
  CompressedInteraction(const Scope& scope, int64_t fields, const CinOptions& options);
  // v [B, F, D] → [B, 1]
  Var operator()(const Var& v) const;

 private:
  struct Layer {
    const Parameter* weight;
    const Parameter* bias;  // may be null
    int64_t passed;         // maps that feed the next layer
    int64_t pooled;         // maps that feed the output
  };

  Activation activation_;
  bool split_half_;
  std::vector<Layer> layers_;
  std::unique_ptr<LinearLayer> head_;
};

}  // namespace ctr
