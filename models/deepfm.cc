// DeepFM (Guo et al., IJCAI 2017).   logit = w0 + Σ w_i + Σ_{i<j} <v_i, v_j> + MLP([v_1 … v_F])

#include "models/model.h"
#include "models/tower.h"
#include "ops/elementwise/elementwise.h"
#include "ops/fields/fields.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

class DeepFm : public Model {
 public:
  DeepFm(const Scope& scope, const ModelContext& context)
      : linear_(scope, context, context.options.fm.linear_bias),
        tower_(scope, context),
        mlp_(tower_.mlp(tower_.embedding().width())) {}

  Var logit(const Batch& batch) const override {
    Var v = tower_.embedding().fields(batch);  // v_i                 [B, F, D]
    Var linear = linear_(batch);               // w0 + Σ w_i          [B, 1]
    Var pairs = fm_second_order(v);            // Σ <v_i, v_j>        [B, 1]
    Var x = tower_.embedding().with_raw(flatten(v), batch);
    Var deep = mlp_(x, batch);  // MLP([v_1 … v_F])    [B, 1]
    return linear + pairs + deep;
  }

 private:
  LinearTerm linear_;
  Tower tower_;
  Mlp mlp_;
};

}  // namespace

ModelInfo model_deepfm() {
  return {
      .name = "deepfm",
      .title = "factorization machine beside an MLP, on shared embeddings",
      .paper = "Guo et al., IJCAI 2017",
      .make = [](const Scope& scope,
                 const ModelContext& context) { return std::make_unique<DeepFm>(scope, context); },
      .criteo =
          [](ModelOptions& o) {
            o.hidden_units = {1000, 1000, 1000, 1000, 1000};
          },
      .variants = {{"no bias, raw numbers",
                    [](ModelOptions& o) {
                      o.fm.linear_bias = false;
                      o.numeric = "raw";
                    }}},
      .peer = {.model = "DeepFM"}};
}

}  // namespace ctr
