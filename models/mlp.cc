// Embedding and MLP.   logit = MLP([v_1 … v_F])

#include "models/mlp.h"

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

std::unique_ptr<Model> make_mlp(const Scope& scope, const ModelContext& context) {
  return std::make_unique<MlpModel>(scope, context);
}

ModelInfo model_mlp() {
  return {.name = "mlp",
          .title = "embeddings and a multi-layer perceptron (DNN)",
          .paper = "Covington et al., RecSys 2016",
          .make = make_mlp,
          .criteo =
              [](ModelOptions& o) {
                o.hidden_units = {1000, 1000, 1000, 1000, 1000};
              },
          .variants = {{"batch norm", [](ModelOptions& o) { o.batch_norm = true; }},
                       {"prelu", [](ModelOptions& o) { o.activation = "prelu"; }},
                       {"dice", [](ModelOptions& o) { o.activation = "dice"; }},
                       {"hash",
                        [](ModelOptions& o) {
                          o.embedding.kind = "hash";
                          o.embedding.hash_rows = 5;
                          o.embedding.hash_count = 2;
                        }},
                       {"quotient-remainder",
                        [](ModelOptions& o) { o.embedding.kind = "quotient-remainder"; }},
                       {"dhe",
                        [](ModelOptions& o) {
                          o.embedding.kind = "dhe";
                          o.embedding.dhe_hashes = 8;
                          o.embedding.dhe_decoder_units = {7, 6};
                        }},
                       {"numeric buckets",
                        [](ModelOptions& o) {
                          o.numeric = "buckets";
                          o.embedding.numeric_rows = 3;
                          o.embedding.numeric_negative_rows = 1;
                        }}},
          .peer = {.model = "DNN"}};
}

}  // namespace ctr
