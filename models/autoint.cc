// AutoInt and AutoInt+ (Song et al., CIKM 2019).
//   logit = w · [X^L] + b (+ MLP([v_1 … v_F])) (+ Σ w_i)
// X^0 = [v_1 … v_F]; each of the L interacting layers lets every field attend to all of them
// (layers/interacting_layer.h). Without hidden units this is AutoInt, otherwise AutoInt+. DeepCTR
// has one head on [X^L ; MLP] instead of one each.

#include "models/layers/interacting_layer.h"
#include "models/model.h"
#include "models/tower.h"
#include "ops/elementwise/elementwise.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

class AutoInt : public Model {
 public:
  AutoInt(const Scope& scope, const ModelContext& context) : tower_(scope, context) {
    const ModelOptions& options = context.options;
    int64_t width = tower_.embedding().vector_width();
    for (int64_t l = 0; l < options.autoint.layers; ++l) {
      layers_.emplace_back(scope / "attention" / l, width, options.autoint, options.dropout);
      width = layers_.back().width();
    }
    const bool joint = options.autoint.joint_head;
    if (!options.hidden_units.empty()) {
      MlpOptions shape = mlp_options(options);
      shape.out = joint ? 0 : 1;
      mlp_ = std::make_unique<Mlp>(tower_.mlp(tower_.embedding().width(), shape));
    }
    width *= tower_.embedding().count();
    if (joint && mlp_) {
      joint_head_ = std::make_unique<LinearLayer>(scope / "head", width + mlp_->width(), 1);
    } else {
      head_ = std::make_unique<LinearLayer>(scope / "attention" / "head", width, 1);
    }
    if (options.autoint.wide) linear_ = std::make_unique<LinearTerm>(scope, context, false);
  }

  Var logit(const Batch& batch) const override {
    Var v = tower_.embedding().fields(batch);  // v_i                 [B, F, D]
    Var x = v;                                 // X^l                 [B, F, A]
    for (const InteractingLayer& layer : layers_) x = layer(x);
    Var sum = head(flatten(x), v, batch);            // w · [X^L] + b (+ MLP)   [B, 1]
    return linear_ ? sum + (*linear_)(batch) : sum;  // Σ w_i                   [B, 1]
  }

 private:
  Var head(const Var& attended, const Var& v, const Batch& batch) const {
    if (!mlp_) return (*head_)(attended);
    Var deep = (*mlp_)(tower_.embedding().with_raw(flatten(v), batch), batch);
    return joint_head_ ? (*joint_head_)({attended, deep}) : (*head_)(attended) + deep;
  }

  Tower tower_;
  std::vector<InteractingLayer> layers_;
  std::unique_ptr<LinearLayer> head_, joint_head_;
  std::unique_ptr<Mlp> mlp_;
  std::unique_ptr<LinearTerm> linear_;
};

std::vector<ModelVariant> variants() {
  return {{"without MLP, one head",
           [](ModelOptions& o) {
             o.hidden_units = {};
             o.autoint.heads = 1;
           }},
          {"scale, layer norm, wide",
           [](ModelOptions& o) {
             o.autoint.scale = true;
             o.autoint.layer_norm = "before";
             o.autoint.wide = true;
           }},
          {"authors'",
           [](ModelOptions& o) {
             o.autoint.projection = "relu";
             o.autoint.residual = "projected";
             o.autoint.layer_norm = "after";
             o.autoint.scale = true;
           }},
          {"width per head",
           [](ModelOptions& o) {
             o.autoint.dim_per_head = true;
             o.autoint.residual = "projected";
           }},
          {"no residual", [](ModelOptions& o) { o.autoint.residual = "none"; }},
          {"joint head", [](ModelOptions& o) { o.autoint.joint_head = true; }},
          {"dropout, raw numbers", [](ModelOptions& o) {
             o.dropout = 0.2;
             o.numeric = "raw";
           }}};
}

PeerNames peer() {
  return {
      .model = "AutoInt",
      .defaults = {{"autoint_layers", "2"}, {"autoint_heads", "1"}, {"autoint_dim", "8"}},
      .options = {{"attention_layers", {"autoint_layers"}},
                  {"num_heads", {"autoint_heads"}},
                  {"attention_dim", {"autoint_dim"}},
                  {"layer_norm", {"autoint_layer_norm", {{"true", "before"}, {"false", "none"}}}},
                  {"use_scale", {"autoint_scale"}},
                  {"use_wide", {"autoint_wide"}},
                  {"use_residual", {"autoint_residual", {{"true", "identity"}, {"false", "none"}}}},
                  {"dnn_hidden_units", {"hidden_units", {{"null", ""}}}}},
      .parameters = {
          {R"(self_attention\.(\d+)\.W_q\.weight)", "attention/$1/query/weight"},
          {R"(self_attention\.(\d+)\.W_k\.weight)", "attention/$1/key/weight"},
          {R"(self_attention\.(\d+)\.W_v\.weight)", "attention/$1/value/weight"},
          {R"(self_attention\.(\d+)\.W_res\.weight)", "attention/$1/residual/weight"},
          {R"(self_attention\.(\d+)\.layer_norm\.(weight|bias))", "attention/$1/norm/$2"},
          {R"(fc\.(weight|bias))", "attention/head/$1"}}};
}

}  // namespace

ModelInfo model_autoint() {
  return {
      .name = "autoint",
      .title = "self-attention over the fields; with an MLP beside, AutoInt+",
      .paper = "Song et al., CIKM 2019",
      .make = [](const Scope& scope,
                 const ModelContext& context) { return std::make_unique<AutoInt>(scope, context); },
      .criteo =
          [](ModelOptions& o) {
            o.autoint.layers = 5;
            o.autoint.heads = 1;
            o.autoint.dim = 64;
            o.autoint.wide = true;
            o.hidden_units = {1000, 1000, 1000, 1000, 1000};
          },
      .shrink =
          [](ModelOptions& o) {
            o.autoint.layers = 2;
            o.autoint.dim = 6;
          },
      .variants = variants(),
      .peer = peer()};
}

}  // namespace ctr
