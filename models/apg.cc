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
  Apg(const Scope& scope, const ModelContext& context)
      : tower_(scope, context), mlp_(tower_.mlp(tower_.embedding().width())) {}

  Var logit(const Batch& batch) const override {
    Var h = tower_.embedding().flat(batch);  // [v_1 … v_F]      [B, Σ D_f]
    return mlp_(h, batch);                   // head(h_L)        [B, 1]
  }

 private:
  Tower tower_;
  Mlp mlp_;
};

// A way to generate or to aggregate, with single matrices U and V.
ModelVariant variant(const std::string& name, std::function<void(ModelOptions&)> change) {
  return {name, [change = std::move(change)](ModelOptions& options) {
            options.apg.overparam_p = {};
            change(options);
          }};
}

std::vector<ModelVariant> variants() {
  std::vector<ModelVariant> all = {
      variant("full", [](ModelOptions& o) { o.apg.generate = "full"; }),
      variant("usv decomposed", [](ModelOptions& o) { o.apg.generate = "usv"; }),
      variant("usv composed, generated bias",
              [](ModelOptions& o) {
                o.apg.generate = "usv";
                o.apg.decompose = false;
                o.apg.generate_bias = true;
              }),
      variant("self-wise, hypernet 5",
              [](ModelOptions& o) {
                o.apg.condition_mode = "self-wise";
                o.apg.hypernet_hidden_units = {5};
              }),
      variant("group-wise, over-parameterised",
              [](ModelOptions& o) {
                o.apg.condition_mode = "group-wise";
                o.apg.condition_fields = {"user"};
                o.apg.overparam_p = {4};
              }),
      variant("own condition tables", [](ModelOptions& o) { o.apg.condition_embedding = "own"; }),
  };
  for (const char* aggregation : {"sum", "concat", "attention"})
    all.push_back(variant(std::string("input ") + aggregation,
                          [=](ModelOptions& o) { o.apg.aggregation = aggregation; }));
  for (const char* aggregation : {"mean", "sum"})
    all.push_back(variant(std::string("output ") + aggregation, [=](ModelOptions& o) {
      o.apg.aggregation = aggregation;
      o.apg.aggregation_side = "output";
    }));
  return all;
}

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
              },
          .shrink =
              [](ModelOptions& options) {
                options.apg.rank_k = {3};
                options.apg.overparam_p = {4};
                options.apg.attention_units = 3;
              },
          .variants = variants()};
}

}  // namespace ctr
