// GDCN, Gated Deep & Cross Network (Wang et al., CIKM 2023).
//   x_{l+1} = x0 ⊙ (W_l x_l + b_l) ⊙ σ(G_l x_l) + x_l
//   stacked (GDCN-S)   logit = MLP(x_L)
//   parallel (GDCN-P)  logit = w · [x_L ; MLP(x0)] + b

#include <optional>

#include "models/layers/cross_net.h"
#include "models/model.h"
#include "models/tower.h"

namespace ctr {
namespace {

MlpOptions mlp_shape(const ModelOptions& options) {
  MlpOptions shape = mlp_options(options);
  if (options.cross.gdcn_structure == "parallel") shape.out = 0;
  return shape;
}

class Gdcn : public Model {
 public:
  Gdcn(const Scope& scope, const ModelContext& context)
      : tower_(scope, context),
        cross_(scope / "cross", tower_.embedding().width(), context.options.cross.layers),
        mlp_(tower_.mlp(tower_.embedding().width(), mlp_shape(context.options))) {
    if (context.options.cross.gdcn_structure == "parallel")
      head_.emplace(scope / "head", tower_.embedding().width() + mlp_.width(), 1);
  }

  Var logit(const Batch& batch) const override {
    Var x0 = tower_.embedding().flat(batch);  // [v_1 … v_F]   [B, D]
    Var x = cross_(x0);                       // x_L           [B, D]
    if (!head_) return mlp_(x, batch);        //               [B, 1]
    Var h = mlp_(x0, batch);                  // MLP(x0)       [B, H]
    return (*head_)({x, h});                  //               [B, 1]
  }

 private:
  Tower tower_;
  GatedCrossNet cross_;
  Mlp mlp_;
  std::optional<LinearLayer> head_;  // parallel
};

PeerNames peer(const char* model) {
  return {.model = model,
          .defaults = {{"hidden_units", ""}, {"gdcn_structure", "stacked"}},
          .options = {{"num_cross_layers", {"cross_layers"}}},
          .parameters = {{R"(cross_net\.w\.(\d+)\.weight)", "cross/$1/weight"},
                         {R"(cross_net\.wg\.(\d+)\.weight)", "cross/$1/gate"},
                         {R"(cross_net\.b\.(\d+))", "cross/$1/bias"}}};
}

PeerNames parallel_peer() {
  PeerNames names = peer("GDCNP");
  names.defaults["gdcn_structure"] = "parallel";
  names.mlps = {{"dnn", "mlp"}};
  names.parameters.emplace_back(R"(fc\.(weight|bias))", "head/$1");
  return names;
}

}  // namespace

ModelInfo model_gdcn() {
  return {
      .name = "gdcn",
      .title = "gated cross network below an MLP, or beside it",
      .paper = "Wang et al., CIKM 2023",
      .make = [](const Scope& scope,
                 const ModelContext& context) { return std::make_unique<Gdcn>(scope, context); },
      // No tuned sizes are published for these data; DCN-V2's.
      .criteo =
          [](ModelOptions& o) {
            o.hidden_units = {1000, 1000, 1000, 1000, 1000};
          },
      .shrink = [](ModelOptions& o) { o.cross.layers = 2; },
      .variants = {{"parallel", [](ModelOptions& o) { o.cross.gdcn_structure = "parallel"; }},
                   {"cross network alone", [](ModelOptions& o) { o.hidden_units = {}; }}},
      .peer = peer("GDCN"),
      .other_peers = {parallel_peer()}};
}

}  // namespace ctr
