// APG: Adaptive Parameter Generation Network (Yan et al., NeurIPS 2022, arXiv 2203.16218).
//   logit = head(h_L),  h_l = relu(((h_{l−1} U_l) S_l(z)) V_l + b_l),  h_0 = [v_1 … v_F]
// z is the row's condition (layers/condition.h), S(z) comes from a small net (layers/apg_linear.h).
// This model is the MLP with `linear = apg`; any other backbone takes the same layers by --linear
// apg.

#include "models/model.h"
#include "models/tower.h"

namespace ctr {
namespace {

class Apg : public Model {
 public:
  Apg(const Scope& scope, const ModelContext& context) : tower_(scope, context) {}

  Var logit(const Batch& batch) const override {
    Var h = tower_.embedding().flat(batch);  // [v_1 … v_F]      [B, Σ D_f]
    return tower_.deep(h, batch);            // head(h_L)        [B, 1]
  }

 private:
  Tower tower_;
};

}  // namespace

ModelInfo model_apg() {
  return {.name = "apg",
          .title = "MLP whose weights are generated per row from its condition",
          .paper = "Yan et al., NeurIPS 2022",
          .make = [](const Scope& scope,
                     const ModelContext& context) { return std::make_unique<Apg>(scope, context); },
          .preset =
              [](ModelOptions& options) {
                options.linear = "apg";
                options.apg.rank_k = {16};
                options.apg.overparam_p = {32};
              }};
}

}  // namespace ctr
