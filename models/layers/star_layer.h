#pragma once

#include <string>

#include "models/layers/activation_layer.h"
#include "ops/linear/row_groups.h"

namespace ctr {

// A layer of STAR's star topology (Sheng et al., CIKM 2021, eq. 5–6): a shared weight in the centre
// and one for each domain d,
//   W*_d = W ⊙ W_d,  b*_d = b + b_d,  y = activation(x W*_dᵀ + b*_d), d the domain of the row.
// Parameters `weight` [out, in], `bias` [out] (zeros), `domain_weight` [D, out, in], `domain_bias`
// [D, out] (zeros), and those of the activation. W and W_d begin as `domain_weight` says:
//   ones       W Xavier normal, W_d = 1: the shared net
//   random     each W_d Xavier normal too
//   reference  the published code's: W Xavier uniform; W_d too, with D times the fans, which leaves
//              next to nothing of the product
// While nothing records W*_d and b*_d are computed once per set of weights.
class StarLayer {
 public:
  StarLayer(const Scope& scope, int64_t domains, int64_t in, int64_t out,
            const std::string& domain_weight, const std::string& activation);
  // x [B, in], whose rows may stand in any order → [B, out].
  Var operator()(const Var& x, const RowGroups& domains) const;

 private:
  struct Folded {
    Tensor weight, bias;
    uint64_t version = ~uint64_t{0};
  };
  void fold() const;

  Scope scope_;
  const Parameter* weight_;
  const Parameter* bias_;
  const Parameter* domain_weight_;
  const Parameter* domain_bias_;
  ActivationLayer activation_;
  mutable Folded folded_;
};

}  // namespace ctr
