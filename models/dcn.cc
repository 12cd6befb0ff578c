// DCN (Wang et al., Deep & Cross Network, ADKDD 2017).
//   x_{l+1} = x0 (x_l · w_l) + b_l + x_l,   logit = w · [x_L ; MLP(x0)] + b
// Without hidden units the logit is w · x_L + b (CrossNet).

#include "models/layers/cross_layer.h"
#include "models/model.h"
#include "models/tower.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

class Dcn : public Model {
 public:
  Dcn(const Scope& scope, const ModelContext& context)
      : tower_(scope, context),
        cross_(vector_cross(scope, tower_.embedding().width(), context.options.cross.layers)) {
    int64_t width = tower_.embedding().width();
    if (!context.options.hidden_units.empty()) {
      MlpOptions shape = mlp_options(context.options);
      shape.out = 0;
      deep_ = std::make_unique<Mlp>(tower_.mlp(width, shape));
      width += deep_->width();
    }
    head_ = std::make_unique<LinearLayer>(scope / "head", width, 1);
  }

  Var logit(const Batch& batch) const override {
    Var x0 = tower_.embedding().flat(batch);          // [v_1 … v_F]     [B, D]
    Var x = cross_(x0);                               // x_L             [B, D]
    if (deep_) x = concat({x, (*deep_)(x0, batch)});  // [x_L ; MLP(x0)]
    return (*head_)(x);                               // w · x + b       [B, 1]
  }

 private:
  Tower tower_;
  CrossNetwork cross_;
  std::unique_ptr<Mlp> deep_;
  std::unique_ptr<LinearLayer> head_;
};

}  // namespace

ModelInfo model_dcn() {
  return {
      .name = "dcn",
      .title = "cross network of vectors beside an MLP",
      .paper = "Wang et al., ADKDD 2017",
      .make = [](const Scope& scope,
                 const ModelContext& context) { return std::make_unique<Dcn>(scope, context); },
      .criteo =
          [](ModelOptions& o) {
            o.cross.layers = 4;
            o.hidden_units = {1000, 1000, 1000, 1000, 1000};
          },
      .variants = {{"cross network alone", [](ModelOptions& o) { o.hidden_units = {}; }}},
      .peer = {.model = "DCN",
               .defaults = {{"hidden_units", ""}, {"cross_layers", "3"}},
               .options = {{"num_cross_layers", {"cross_layers"}}},
               .mlps = {{"dnn", "mlp"}},
               .parameters = {{R"(crossnet\.cross_net\.(\d+)\.bias)", "cross/$1/bias"},
                              {R"(crossnet\.cross_net\.(\d+)\.weight\.weight)", "cross/$1/weight"},
                              {R"(fc\.(weight|bias))", "head/$1"}}}};
}

}  // namespace ctr
