#pragma once

#include "autograd/tape.h"
#include "models/layers/batch_norm.h"
#include "models/options/afn_options.h"

namespace ctr {

// AFN's logarithmic transformation (Cheng, Shen, Huang, AAAI 2020, eq. 7): neuron l learns the
// power A_lf with which each field enters its product,
//   u = BN(log max(|v|, floor)),  y_l = BN(exp(Σ_f A_lf u_f + b_l)) = BN(∏_f e^{A_lf u_f + b_l}),
// coordinate by coordinate; the first norm has a channel per field, the second one per neuron.
// Parameters `weight` [L, F] (Xavier normal), `bias` [L] where asked, `log_norm/…` [F],
// `exp_norm/…` [L].
class LogarithmicNeurons {
 public:
  LogarithmicNeurons(const Scope& scope, int64_t fields, const AfnOptions& options);
  // v [B, F, D] → [B, L, D]
  Var operator()(const Var& v) const;

 private:
  double floor_;
  const Parameter* weight_;
  const Parameter* bias_;  // may be null
  BatchNormLayer log_norm_, exp_norm_;
};

}  // namespace ctr
