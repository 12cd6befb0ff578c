#pragma once

#include <optional>
#include <string>

#include "autograd/tape.h"
#include "models/layers/dropout_layer.h"
#include "models/options/autoint_options.h"

namespace ctr {

// AutoInt's interacting layer (Song et al., CIKM 2019, eq. 5–8) over the fields X [B, F, I]:
//   O = [softmax(Q_h K_hᵀ) V_h]_h,  Q = X W_qᵀ, K = X W_kᵀ, V = X W_vᵀ,
//   y = relu(O + X)  or  relu(O + X W_resᵀ)
// Parameters `query/weight`, `key/weight`, `value/weight`, `residual/weight` [A, I] (Xavier
// normal), their `bias` [A] (zeros) where the projections have ReLUs, and `norm/…` [A].
class InteractingLayer {
 public:
  InteractingLayer(const Scope& scope, int64_t in, const AutoIntOptions& options, double dropout);
  // x [B, F, in] → [B, F, width()]
  Var operator()(const Var& x) const;

  int64_t width() const { return width_; }

 private:
  struct Projection {
    const Parameter* weight = nullptr;
    const Parameter* bias = nullptr;
  };
  Projection projection(const Scope& scope, int64_t in) const;
  Var projected(const Var& x, const Projection& by) const;
  Var normalised(const Var& x) const;

  DropoutLayer dropout_;
  int64_t heads_, width_;
  double scale_, epsilon_;
  bool relu_, identity_, norm_before_, norm_after_;
  Projection query_, key_, value_, residual_;
  const Parameter* gamma_ = nullptr;
  const Parameter* beta_ = nullptr;
};

}  // namespace ctr
