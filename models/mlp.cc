// Embedding and MLP.   logit = MLP([v_1 … v_F])

#include "models/model.h"
#include "models/tower.h"

namespace ctr {
namespace {

class MlpModel : public Model {
 public:
  MlpModel(const Scope& scope, const ModelContext& context)
      : tower_(scope, context), mlp_(tower_.mlp(tower_.embedding().width())) {}

  Var logit(const Batch& batch) const override {
    return mlp_(tower_.embedding().flat(batch), batch);
  }

 private:
  Tower tower_;
  Mlp mlp_;
};

}  // namespace

ModelInfo model_mlp() {
  return {.name = "mlp",
          .title = "embeddings and a multi-layer perceptron (DNN)",
          .paper = "Covington et al., RecSys 2016",
          .make =
              [](const Scope& scope, const ModelContext& context) {
                return std::make_unique<MlpModel>(scope, context);
              },
          .criteo =
              [](ModelOptions& o) {
                o.hidden_units = {1000, 1000, 1000, 1000, 1000};
              },
          .variants = {{"batch norm", [](ModelOptions& o) { o.batch_norm = true; }},
                       {"prelu", [](ModelOptions& o) { o.activation = "prelu"; }},
                       {"dice", [](ModelOptions& o) { o.activation = "dice"; }}},
          .peer = {.model = "DNN"}};
}

}  // namespace ctr
