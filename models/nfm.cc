// Neural factorization machine (He and Chua, SIGIR 2017, eq. 2 to 4).
//   logit = Σ w_i + MLP(Σ_{i<j} v_i ⊙ v_j)

#include "models/layers/batch_norm.h"
#include "models/layers/dropout_layer.h"
#include "models/model.h"
#include "models/tower.h"
#include "ops/fields/fields.h"

namespace ctr {
namespace {

class Nfm : public Model {
 public:
  Nfm(const Scope& scope, const ModelContext& context)
      : dropout_(scope / "bi_interaction", context.options.nfm.bi_dropout),
        linear_(scope, context, false),
        tower_(scope, context),
        mlp_(tower_.mlp(tower_.embedding().vector_width() + tower_.embedding().raw_width())) {
    if (context.options.nfm.bi_batch_norm)
      norm_ = std::make_unique<BatchNormLayer>(scope / "bi_interaction" / "bn",
                                               tower_.embedding().vector_width());
  }

  Var logit(const Batch& batch) const override {
    const Embedding& embedding = tower_.embedding();
    Var v = embedding.fields(batch);                            // v_i            [B, F, D]
    Var pooled = regularised(bi_interaction(v));                // Σ v_i ⊙ v_j    [B, D]
    Var deep = mlp_(embedding.with_raw(pooled, batch), batch);  // MLP(pooled)    [B, 1]
    return linear_(batch) + deep;                               // Σ w_i + deep   [B, 1]
  }

 private:
  // Batch norm, then dropout, as in the paper's section 3.2.
  Var regularised(const Var& pooled) const { return dropout_(norm_ ? (*norm_)(pooled) : pooled); }

  DropoutLayer dropout_;
  LinearTerm linear_;
  Tower tower_;
  std::unique_ptr<BatchNormLayer> norm_;
  Mlp mlp_;
};

}  // namespace

ModelInfo model_nfm() {
  return {
      .name = "nfm",
      .title = "an MLP over the sum of products of all pairs of embeddings",
      .paper = "He and Chua, SIGIR 2017",
      .make = [](const Scope& scope,
                 const ModelContext& context) { return std::make_unique<Nfm>(scope, context); },
      .criteo =
          [](ModelOptions& o) {
            o.hidden_units = {1000, 1000, 1000};
          },
      .variants = {{"batch norm, tanh",
                    [](ModelOptions& o) {
                      o.batch_norm = o.nfm.bi_batch_norm = true;
                      o.activation = "tanh";
                    }},
                   {"dropout", [](ModelOptions& o) { o.nfm.bi_dropout = 0.2; }},
                   {"raw numbers", [](ModelOptions& o) { o.numeric = "raw"; }}},
      .peer = {.model = "NFM", .options = {{"embedding_dropout", {"", {{"0", ""}, {"0.0", ""}}}}}}};
}

}  // namespace ctr
