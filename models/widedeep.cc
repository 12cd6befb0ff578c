// Wide & Deep (Cheng et al., DLRS 2016, eq. 3).   logit = Σ w_i + MLP([v_1 … v_F])

#include "models/model.h"
#include "models/tower.h"
#include "ops/elementwise/elementwise.h"

namespace ctr {
namespace {

class WideDeep : public Model {
 public:
  WideDeep(const Scope& scope, const ModelContext& context)
      : wide_(scope, context, false),
        tower_(scope, context),
        mlp_(tower_.mlp(tower_.embedding().width())) {}

  Var logit(const Batch& batch) const override {
    Var x = tower_.embedding().flat(batch);  // [v_1 … v_F]   [B, F D]
    Var wide = wide_(batch);                 // Σ w_i         [B, 1]
    Var deep = mlp_(x, batch);               // MLP(x)        [B, 1]
    return wide + deep;
  }

 private:
  LinearTerm wide_;
  Tower tower_;
  Mlp mlp_;
};

}  // namespace

ModelInfo model_widedeep() {
  return {.name = "widedeep",
          .title = "a weight per id beside an MLP over embeddings",
          .paper = "Cheng et al., DLRS 2016",
          .make =
              [](const Scope& scope, const ModelContext& context) {
                return std::make_unique<WideDeep>(scope, context);
              },
          .criteo =
              [](ModelOptions& o) {
                o.hidden_units = {1000, 1000, 1000, 1000, 1000};
              },
          .variants = {{"batch norm", [](ModelOptions& o) { o.batch_norm = true; }},
                       {"raw numbers", [](ModelOptions& o) { o.numeric = "raw"; }}},
          .peer = {.model = "WideDeep"}};
}

}  // namespace ctr
