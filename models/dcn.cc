// DCN, Deep & Cross Network (Wang et al., ADKDD 2017).
//   x_{l+1} = x0 (x_l · w_l) + b_l + x_l,   logit = w · [x_L ; MLP(x0)] + b
// Without hidden units it is the cross network alone; DeepCTR adds a linear term Σ w_i.

#include <optional>

#include "models/layers/cross_net.h"
#include "models/model.h"
#include "models/tower.h"
#include "ops/elementwise/elementwise.h"

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
    if (context.options.cross.wide) wide_.emplace(scope, context, false);
  }

  Var logit(const Batch& batch) const override {
    Var x0 = tower_.embedding().flat(batch);  // [v_1 … v_F]   [B, D]
    Var x = cross_(x0);                       // x_L           [B, D]
    Var deep = head(x, x0, batch);            // w · [x_L ; MLP(x0)] + b   [B, 1]
    return wide_ ? deep + (*wide_)(batch) : deep;
  }

 private:
  Var head(const Var& x, const Var& x0, const Batch& batch) const {
    if (!mlp_) return (*head_)(x);
    Var h = (*mlp_)(x0, batch);  // MLP(x0)   [B, H]
    return (*head_)({x, h});
  }

  Tower tower_;
  CrossNet cross_;
  std::optional<Mlp> mlp_;
  std::optional<LinearLayer> head_;
  std::optional<LinearTerm> wide_;
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
                   {"wide", [](ModelOptions& o) { o.cross.wide = true; }},
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
