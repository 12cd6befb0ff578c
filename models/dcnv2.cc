// DCN-V2 (Wang et al., WWW 2021).   x_{l+1} = x0 ⊙ (W_l x_l + b_l) + x_l
//   parallel          logit = w · [x_L ; MLP(x0)] + b
//   stacked           logit = w · MLP(x_L) + b
//   stacked_parallel  logit = w · [MLP_s(x_L) ; MLP_p(x0)] + b
//   crossnet_only     logit = w · x_L + b

#include <optional>

#include "models/layers/matrix_cross_net.h"
#include "models/model.h"
#include "models/tower.h"

namespace ctr {
namespace {

class DcnV2 : public Model {
 public:
  DcnV2(const Scope& scope, const ModelContext& context)
      : tower_(scope, context),
        cross_(scope / "cross", tower_.embedding().width(), context.options.cross) {
    const CrossOptions& options = context.options.cross;
    const int64_t width = tower_.embedding().width();  // D
    MlpOptions shape = mlp_options(context.options);
    shape.out = 0;
    if (options.structure.ends_with("parallel")) parallel_.emplace(tower_.mlp(width, shape));
    if (options.structure.starts_with("stacked")) {
      shape.name = "stacked";
      if (!options.stacked_units.empty()) shape.units = options.stacked_units;
      stacked_.emplace(tower_.mlp(width, shape));
    }
    head_.emplace(scope / "head",
                  (stacked_ ? stacked_->width() : width) + (parallel_ ? parallel_->width() : 0), 1);
  }

  Var logit(const Batch& batch) const override {
    Var x0 = tower_.embedding().flat(batch);  // [v_1 … v_F]   [B, D]
    Var x = cross_(x0);                       // x_L           [B, D]
    if (stacked_) x = (*stacked_)(x, batch);  // MLP_s(x_L)    [B, H]
    if (!parallel_) return (*head_)(x);       //               [B, 1]
    Var h = (*parallel_)(x0, batch);          // MLP_p(x0)     [B, H']
    return (*head_)({x, h});                  //               [B, 1]
  }

 private:
  Tower tower_;
  MatrixCrossNet cross_;
  std::optional<Mlp> parallel_, stacked_;
  std::optional<LinearLayer> head_;
};

ModelVariant structure(const char* name) {
  return {name, [name](ModelOptions& o) { o.cross.structure = name; }};
}

PeerNames peer() {
  return {.model = "DCNv2",
          .defaults = {{"hidden_units", ""}},
          .options = {{"num_cross_layers", {"cross_layers"}},
                      {"model_structure", {"dcnv2_structure"}},
                      {"use_low_rank_mixture",
                       {"dcnv2_kernel", {{"true", "mixture"}, {"false", "full"}}}},
                      {"low_rank", {"dcnv2_rank"}},
                      {"num_experts", {"dcnv2_experts"}},
                      {"parallel_dnn_hidden_units", {"hidden_units"}},
                      {"stacked_dnn_hidden_units", {"dcnv2_stacked_units"}}},
          .mlps = {{"parallel_dnn", "mlp"}, {"stacked_dnn", "stacked"}},
          .parameters = {{R"(crossnet\.cross_layers\.(\d+)\.(weight|bias))", "cross/$1/$2"},
                         {R"(crossnet\.U_list\.(\d+))", "cross/$1/u"},
                         {R"(crossnet\.V_list\.(\d+))", "cross/$1/v"},
                         {R"(crossnet\.C_list\.(\d+))", "cross/$1/c"},
                         {R"(crossnet\.bias\.(\d+))", "cross/$1/bias"},
                         {R"(crossnet\.gating\.(\d+)\.weight)", "cross/gate/$1/weight"},
                         {R"(fc\.(weight|bias))", "head/$1"}}};
}

}  // namespace

ModelInfo model_dcnv2() {
  auto mixture = [](ModelOptions& o) { o.cross.kernel = "mixture"; };
  return {
      .name = "dcnv2",
      .title = "cross network of matrices, beside or below an MLP",
      .paper = "Wang et al., WWW 2021",
      .make = [](const Scope& scope,
                 const ModelContext& context) { return std::make_unique<DcnV2>(scope, context); },
      .criteo =
          [](ModelOptions& o) {
            o.hidden_units = {1000, 1000, 1000, 1000, 1000};
            o.batch_norm = true;
          },
      .shrink =
          [](ModelOptions& o) {
            o.cross.layers = 2;
            o.cross.rank = 3;
            o.cross.experts = 2;
          },
      .variants = {structure("crossnet_only"),
                   structure("stacked"),
                   structure("stacked_parallel"),
                   {"low rank", [](ModelOptions& o) { o.cross.kernel = "low_rank"; }},
                   {"mixture", mixture},
                   {"mixture, gates per layer",
                    [mixture](ModelOptions& o) {
                      mixture(o);
                      o.cross.gates = "per_layer";
                    }}},
      .peer = peer()};
}

}  // namespace ctr
