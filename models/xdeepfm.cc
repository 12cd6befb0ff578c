// xDeepFM (Lian et al., KDD 2018).   logit = Σ w_i + CIN([v_1 … v_F]) + MLP([v_1 … v_F])
// The CIN (layers/compressed_interaction.h) multiplies whole vectors, coordinate by coordinate.
// Without hidden units there is no MLP ("CIN").

#include "models/layers/compressed_interaction.h"
#include "models/model.h"
#include "models/tower.h"
#include "ops/elementwise/elementwise.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

class XDeepFm : public Model {
 public:
  XDeepFm(const Scope& scope, const ModelContext& context)
      : linear_(scope, context, false),
        tower_(scope, context),
        cin_(scope, tower_.embedding().count(), context.options.cin) {
    if (!context.options.hidden_units.empty())
      mlp_ = std::make_unique<Mlp>(tower_.mlp(tower_.embedding().width()));
  }

  Var logit(const Batch& batch) const override {
    Var v = tower_.embedding().fields(batch);  // v_i                 [B, F, D]
    Var sum = linear_(batch) + cin_(v);        // Σ w_i + CIN         [B, 1]
    if (!mlp_) return sum;
    Var x = tower_.embedding().with_raw(flatten(v), batch);
    return sum + (*mlp_)(x, batch);  // MLP([v_1 … v_F])              [B, 1]
  }

 private:
  LinearTerm linear_;
  Tower tower_;
  CompressedInteraction cin_;
  std::unique_ptr<Mlp> mlp_;
};

std::vector<ModelVariant> variants() {
  return {{"without MLP, one layer",
           [](ModelOptions& o) {
             o.hidden_units = {};
             o.cin.units = {4};
           }},
          {"split half, relu",
           [](ModelOptions& o) {
             o.cin.split_half = true;
             o.cin.activation = "relu";
           }},
          {"no bias", [](ModelOptions& o) { o.cin.bias = false; }},
          {"raw numbers", [](ModelOptions& o) { o.numeric = "raw"; }}};
}

}  // namespace

ModelInfo model_xdeepfm() {
  return {
      .name = "xdeepfm",
      .title = "compressed interaction network beside an MLP and a linear term",
      .paper = "Lian et al., KDD 2018",
      .make = [](const Scope& scope,
                 const ModelContext& context) { return std::make_unique<XDeepFm>(scope, context); },
      .criteo =
          [](ModelOptions& o) {
            o.cin.units = {64, 64, 64};
            o.hidden_units = {1000, 1000, 1000, 1000, 1000};
          },
      .shrink =
          [](ModelOptions& o) {
            o.cin.units = {4, 3};
          },
      .variants = variants(),
      .peer = {.model = "xDeepFM",
               .defaults = {{"cin_units", "16,16,16"}},
               .options = {{"cin_hidden_units", {"cin_units"}},
                           {"dnn_hidden_units", {"hidden_units", {{"null", ""}}}}},
               .parameters = {{R"(cin\.cin_layer\.layer_(\d+)\.(weight|bias))", "cin/$1/$2"},
                              {R"(cin\.fc\.(weight|bias))", "cin/head/$1"}}}};
}

}  // namespace ctr
