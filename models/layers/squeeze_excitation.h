#pragma once

#include "autograd/tape.h"
#include "engine/activation.h"

namespace ctr {

// Squeeze-and-excitation over fields (Huang et al., FiBiNET, RecSys 2019, eq. 3 to 5; Hu et al.,
// CVPR 2018): z_f = mean of v_f, a = activation(relu(z W_1ᵀ) W_2ᵀ), q_f = a_f v_f. Parameters
// `0/weight` [S, F] and `1/weight` [F, S] without biases, S = max(1, ⌊F / reduction⌋).
class SqueezeExcitation {
 public:
  // `activation`: relu or sigmoid.
  SqueezeExcitation(const Scope& scope, int64_t fields, double reduction, Activation activation);
  // v [B, F, D] → [B, F, D]
  Var operator()(const Var& v) const;

 private:
  Activation activation_;
  const Parameter* squeeze_;
  const Parameter* excite_;
};

}  // namespace ctr
