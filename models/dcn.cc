// DCN, Deep & Cross Network (Wang et al., ADKDD 2017).
//   x_{l+1} = x0 (x_l · w_l) + b_l + x_l,   logit = w · [x_L ; MLP(x0)] + b
// Without hidden units it is the cross network alone.

#include <optional>

#include "models/layers/cross_net.h"
#include "models/model.h"
#include "models/tower.h"

namespace ctr {
namespace {

class Dcn : public Model {
 public:
  Dcn(const Scope& scope, const ModelContext& context)
      : tower_(scope, context),
        cross_(scope / "cross", tower_.embedding().width(), context.options.cross.layers) {
    const int64_t width = tower_.embedding().width();  // D
    MlpOptions shape = mlp_options(context.options);
    shape.out = 0;
    if (!shape.units.empty()) mlp_.emplace(tower_.mlp(width, shape));
    head_.emplace(scope / "head", width + (mlp_ ? mlp_->width() : 0), 1);
  }

  Var logit(const Batch& batch) const override {
    Var x0 = tower_.embedding().flat(batch);  // [v_1 … v_F]   [B, D]
    Var x = cross_(x0);                       // x_L           [B, D]
    if (!mlp_) return (*head_)(x);            //               [B, 1]
    Var h = (*mlp_)(x0, batch);               // MLP(x0)       [B, H]
    return (*head_)({x, h});                  //               [B, 1]
  }

 private:
  Tower tower_;
  CrossNet cross_;
  std::optional<Mlp> mlp_;
  std::optional<LinearLayer> head_;
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
      .shrink = [](ModelOptions& o) { o.cross.layers = 2; },
      .variants = {{"cross network alone", [](ModelOptions& o) { o.hidden_units = {}; }},
                   {"one layer", [](ModelOptions& o) { o.cross.layers = 1; }}},
      .peer = {.model = "DCN",
               .defaults = {{"hidden_units", ""}},
               .options = {{"num_cross_layers", {"cross_layers"}},
                           {"crossing_layers", {"cross_layers"}}},  // version 1
               .mlps = {{"dnn", "mlp"}},
               .parameters = {{R"(crossnet\.cross_net\.(\d+)\.weight\.weight)", "cross/$1/weight"},
                              {R"(crossnet\.cross_net\.(\d+)\.bias)", "cross/$1/bias"},
                              {R"(fc\.(weight|bias))", "head/$1"}}}};
}

}  // namespace ctr
