// DualMLP (the two-stream baseline of Mao et al., FinalMLP, AAAI 2023, section 3.1).   x = [v_1 …
// v_F],   logit = MLP_1(x) + MLP_2(x)

#include "models/model.h"
#include "models/tower.h"
#include "ops/elementwise/elementwise.h"

namespace ctr {
namespace {

MlpOptions second_mlp(const ModelOptions& options) {
  MlpOptions shape = mlp_options(options);
  shape.name = "mlp2";
  shape.head = "head2";
  shape.units = options.dual_mlp.second_hidden_units;
  shape.activation = options.dual_mlp.second_activation;
  shape.batch_norm = options.dual_mlp.second_batch_norm;
  shape.dropout = options.dual_mlp.second_dropout;
  return shape;
}

class DualMlp : public Model {
 public:
  DualMlp(const Scope& scope, const ModelContext& context)
      : tower_(scope, context),
        first_(tower_.mlp(tower_.embedding().width())),
        second_(tower_.mlp(tower_.embedding().width(), second_mlp(context.options))) {}

  Var logit(const Batch& batch) const override {
    Var x = tower_.embedding().flat(batch);       // [v_1 … v_F]  [B, F D]
    return first_(x, batch) + second_(x, batch);  // [B, 1]
  }

 private:
  Tower tower_;
  Mlp first_, second_;
};

}  // namespace

ModelInfo model_dualmlp() {
  return {
      .name = "dualmlp",
      .title = "the sum of two MLPs over the same embeddings",
      .paper = "Mao et al., AAAI 2023",
      .make = [](const Scope& scope,
                 const ModelContext& context) { return std::make_unique<DualMlp>(scope, context); },
      .criteo =
          [](ModelOptions& o) {
            o.hidden_units = o.dual_mlp.second_hidden_units = {400, 400, 400};
          },
      .shrink = [](ModelOptions& o) { o.dual_mlp.second_hidden_units = {5}; },
      .variants = {{"batch norm, tanh",
                    [](ModelOptions& o) {
                      o.batch_norm = o.dual_mlp.second_batch_norm = true;
                      o.dual_mlp.second_activation = "tanh";
                    }}},
      .peer = {.model = "DualMLP",
               .defaults = {{"second_hidden_units", "64,64,64"}},
               .options = {{"mlp1_hidden_units", {"hidden_units"}},
                           {"mlp1_hidden_activations", peer_activation("activation")},
                           {"mlp1_batch_norm", {"batch_norm"}},
                           {"mlp1_dropout", {"dropout"}},
                           {"mlp2_hidden_units", {"second_hidden_units"}},
                           {"mlp2_hidden_activations", peer_activation("second_activation")},
                           {"mlp2_batch_norm", {"second_batch_norm"}},
                           {"mlp2_dropout", {"second_dropout"}}},
               .mlps = {{"mlp1", "mlp", "head"}, {"mlp2", "mlp2", "head2"}}}};
}

}  // namespace ctr
