// FiBiNET (Huang, Zhang, Zhang, RecSys 2019).   q = squeeze-and-excitation of v,
//   logit = Σ w_i + MLP([(v_i M_ij) ⊙ v_j …, (q_i M'_ij) ⊙ q_j …])

#include "models/layers/bilinear_interaction.h"
#include "models/layers/squeeze_excitation.h"
#include "models/model.h"
#include "models/tower.h"
#include "ops/elementwise/elementwise.h"
#include "ops/fields/pairs.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

class FiBiNet : public Model {
 public:
  FiBiNet(const Scope& scope, const ModelContext& context)
      : senet_first_(context.options.fibinet.senet_first),
        linear_(scope, context, false),
        tower_(scope, context),
        senet_(senet(scope / "senet", context.options.fibinet)),
        bilinear_(scope / "bilinear", context.options.fibinet.bilinear_type,
                  tower_.embedding().count(), tower_.embedding().vector_width(),
                  context.options.fibinet.share_bilinear),
        mlp_(tower_.mlp(input_width())) {}

  Var logit(const Batch& batch) const override {
    Var v = tower_.embedding().fields(batch);  // v_i                    [B, F, D]
    Var q = senet_(v);                         // q_i = a_i v_i          [B, F, D]
    Var pairs = senet_first_ ? bilinear_(q, v) : bilinear_(v, q);  // (v_i M) ⊙ v_j   [B, 2 P, D]
    Var x = tower_.embedding().with_raw(flatten(pairs), batch);
    return linear_(batch) + mlp_(x, batch);  // Σ w_i + MLP(x)         [B, 1]
  }

 private:
  SqueezeExcitation senet(const Scope& scope, const FibinetOptions& options) const {
    return {scope, tower_.embedding().count(), options.senet_reduction,
            options.senet_activation == "relu" ? Activation::relu : Activation::sigmoid};
  }
  int64_t input_width() const {
    const Embedding& v = tower_.embedding();
    return 2 * pair_count(v.count()) * v.vector_width() + v.raw_width();
  }

  bool senet_first_;
  LinearTerm linear_;
  Tower tower_;
  SqueezeExcitation senet_;
  BilinearInteraction bilinear_;
  Mlp mlp_;
};

}  // namespace

ModelInfo model_fibinet() {
  return {
      .name = "fibinet",
      .title = "an MLP over bilinear interactions of embeddings, plain and re-weighted by field",
      .paper = "Huang et al., RecSys 2019",
      .make = [](const Scope& scope,
                 const ModelContext& context) { return std::make_unique<FiBiNet>(scope, context); },
      .criteo =
          [](ModelOptions& o) {
            o.hidden_units = {2000, 2000, 2000};
          },
      .shrink = [](ModelOptions& o) { o.fibinet.senet_reduction = 1; },
      .variants = {{"all", [](ModelOptions& o) { o.fibinet.bilinear_type = "all"; }},
                   {"each, sigmoid",
                    [](ModelOptions& o) {
                      o.fibinet.bilinear_type = "each";
                      o.fibinet.senet_activation = "sigmoid";
                    }},
                   {"shared, re-weighted first",
                    [](ModelOptions& o) {
                      o.fibinet.share_bilinear = o.fibinet.senet_first = true;
                    }},
                   {"shared, all",
                    [](ModelOptions& o) {
                      o.fibinet.bilinear_type = "all";
                      o.fibinet.share_bilinear = true;
                    }},
                   {"raw numbers", [](ModelOptions& o) { o.numeric = "raw"; }}},
      .peer = {.model = "FiBiNET",
               .defaults = {{"hidden_units", ""}},
               .options = {{"bilinear_type",
                            {"bilinear_type",
                             {{"field_all", "all"},
                              {"field_each", "each"},
                              {"field_interaction", "interaction"}}}},
                           {"reduction_ratio", {"senet_reduction"}},
                           {"excitation_activation", {"senet_activation"}}},
               .parameters = {{R"(senet_layer\.excitation\.0\.weight)", "senet/0/weight"},
                              {R"(senet_layer\.excitation\.2\.weight)", "senet/1/weight"},
                              {R"(bilinear_interaction1\.bilinear_W)", "bilinear/0/weight"},
                              {R"(bilinear_interaction2\.bilinear_W)", "bilinear/1/weight"}}}};
}

}  // namespace ctr
