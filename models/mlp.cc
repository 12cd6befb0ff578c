// Embedding and MLP.   logit = MLP([v_1 … v_F])

#include "models/model.h"
#include "models/tower.h"

namespace ctr {
namespace {

class MlpModel : public Model {
 public:
  MlpModel(const Scope& scope, const ModelContext& context) : tower_(scope, context) {}
  Var logit(const Batch& batch) const override {
    return tower_.deep(tower_.embedding().flat(batch), batch);
  }

 private:
  Tower tower_;
};

}  // namespace

ModelInfo model_mlp() {
  return {.name = "mlp",
          .title = "embeddings and a multi-layer perceptron (DNN)",
          .paper = "Covington et al., RecSys 2016",
          .make = [](const Scope& scope, const ModelContext& context) {
            return std::make_unique<MlpModel>(scope, context);
          }};
}

}  // namespace ctr
