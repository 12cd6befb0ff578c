// GDCN (Wang et al., Towards Deeper, Lighter and Interpretable Cross Network, CIKM 2023).
//   x_{l+1} = x0 ⊙ (W_l x_l + b_l) ⊙ σ(G_l x_l) + x_l
//   stacked    logit = MLP(x_L)
//   parallel   logit = w · [x_L ; MLP(x0)] + b

#include "engine/check.h"
#include "models/layers/cross_layer.h"
#include "models/model.h"
#include "models/tower.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

class Gdcn : public Model {
 public:
  Gdcn(const Scope& scope, const ModelContext& context)
      : tower_(scope, context),
        cross_(gated_cross(scope, tower_.embedding().width(), context.options.cross.layers)),
        parallel_(context.options.cross.structure == "parallel") {
    CTR_CHECK(parallel_ || context.options.cross.structure == "stacked",
              "gdcn: the cross network and the MLP are stacked or parallel, got '{}'; set "
              "--cross-structure",
              context.options.cross.structure);
    const int64_t d = tower_.embedding().width();
    MlpOptions shape = mlp_options(context.options);
    shape.out = parallel_ ? 0 : 1;
    mlp_ = std::make_unique<Mlp>(tower_.mlp(d, shape));
    if (parallel_) head_ = std::make_unique<LinearLayer>(scope / "head", d + mlp_->width(), 1);
  }

  Var logit(const Batch& batch) const override {
    Var x0 = tower_.embedding().flat(batch);           // [v_1 … v_F]      [B, D]
    Var x = cross_(x0);                                // x_L              [B, D]
    if (!parallel_) return (*mlp_)(x, batch);          // MLP(x_L)         [B, 1]
    return (*head_)(concat({x, (*mlp_)(x0, batch)}));  // w · [x_L ; …] + b
  }

 private:
  Tower tower_;
  CrossNetwork cross_;
  bool parallel_;
  std::unique_ptr<Mlp> mlp_;
  std::unique_ptr<LinearLayer> head_;
};

}  // namespace

ModelInfo model_gdcn() {
  return {
      .name = "gdcn",
      .title = "gated cross network with an MLP",
      .paper = "Wang et al., CIKM 2023",
      .make = [](const Scope& scope,
                 const ModelContext& context) { return std::make_unique<Gdcn>(scope, context); },
      .preset = [](ModelOptions& o) { o.cross.structure = "stacked"; },
      .criteo =
          [](ModelOptions& o) {
            o.hidden_units = {400, 400, 400};
          },
      .variants = {{"parallel", [](ModelOptions& o) { o.cross.structure = "parallel"; }}},
      .peer = {.model = "GDCN",
               .defaults = {{"cross_layers", "3"}, {"cross_structure", "stacked"}},
               .also = {{"GDCNP", {{"cross_structure", "parallel"}}}},
               .options = {{"num_cross_layers", {"cross_layers"}}},
               .mlps = {{"dnn", "mlp", "head"}},
               .parameters = {{R"(cross_net\.w\.(\d+)\.weight)", "cross/$1/weight"},
                              {R"(cross_net\.wg\.(\d+)\.weight)", "cross/$1/gate"},
                              {R"(cross_net\.b\.(\d+))", "cross/$1/bias"},
                              {R"(fc\.(weight|bias))", "head/$1"}}}};
}

}  // namespace ctr
