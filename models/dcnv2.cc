// DCN-V2 (Wang et al., WWW 2021).   x_{l+1} = x0 ⊙ (W_l x_l + b_l) + x_l
//   crossnet_only      logit = w · x_L + b
//   stacked            logit = w · MLP(x_L) + b
//   parallel           logit = w · [x_L ; MLP(x0)] + b
//   stacked_parallel   logit = w · [MLP_s(x_L) ; MLP(x0)] + b
// W is full, U Vᵀ, or a gated mixture of low-rank experts (layers/cross_layer.h).

#include "models/layers/cross_layer.h"
#include "models/model.h"
#include "models/tower.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

class DcnV2 : public Model {
 public:
  DcnV2(const Scope& scope, const ModelContext& context)
      : tower_(scope, context),
        cross_(matrix_cross(scope, tower_.embedding().width(), context.options.cross)) {
    const CrossOptions& options = context.options.cross;
    const int64_t d = tower_.embedding().width();
    int64_t width = d;
    MlpOptions shape = mlp_options(context.options);
    shape.out = 0;
    if (options.structure.starts_with("stacked")) {
      MlpOptions stacked = shape;
      stacked.name = "stacked_mlp";
      if (!options.stacked_units.empty()) stacked.units = options.stacked_units;
      stacked_ = std::make_unique<Mlp>(tower_.mlp(d, stacked));
      width = stacked_->width();
    }
    if (options.structure.ends_with("parallel")) {
      parallel_ = std::make_unique<Mlp>(tower_.mlp(d, shape));
      width += parallel_->width();
    }
    head_ = std::make_unique<LinearLayer>(scope / "head", width, 1);
  }

  Var logit(const Batch& batch) const override {
    Var x0 = tower_.embedding().flat(batch);                  // [v_1 … v_F]     [B, D]
    Var x = cross_(x0);                                       // x_L             [B, D]
    if (stacked_) x = (*stacked_)(x, batch);                  // MLP_s(x_L)
    if (parallel_) x = concat({x, (*parallel_)(x0, batch)});  // [· ; MLP(x0)]
    return (*head_)(x);                                       // w · x + b       [B, 1]
  }

 private:
  Tower tower_;
  CrossNetwork cross_;
  std::unique_ptr<Mlp> stacked_, parallel_;
  std::unique_ptr<LinearLayer> head_;
};

std::vector<ModelVariant> variants() {
  std::vector<ModelVariant> all;
  for (const char* structure : {"crossnet_only", "stacked", "stacked_parallel"})
    all.push_back({structure, [=](ModelOptions& o) { o.cross.structure = structure; }});
  all.push_back({"low rank", [](ModelOptions& o) { o.cross.kernel = "low_rank"; }});
  all.push_back({"mixture", [](ModelOptions& o) { o.cross.kernel = "mixture"; }});
  all.push_back({"mixture, own gates", [](ModelOptions& o) {
                   o.cross.kernel = "mixture";
                   o.cross.gates = "own";
                 }});
  return all;
}

PeerNames peer() {
  return {.model = "DCNv2",
          .defaults = {{"cross_structure", "parallel"},
                       {"cross_layers", "3"},
                       {"cross_rank", "32"},
                       {"cross_experts", "4"},
                       {"hidden_units", ""}},
          .options = {{"model_structure", {"cross_structure"}},
                      {"num_cross_layers", {"cross_layers"}},
                      {"use_low_rank_mixture",
                       {"cross_kernel", {{"true", "mixture"}, {"false", "full"}}}},
                      {"low_rank", {"cross_rank"}},
                      {"num_experts", {"cross_experts"}},
                      {"stacked_dnn_hidden_units", {"stacked_units"}},
                      {"parallel_dnn_hidden_units", {"hidden_units"}}},
          .mlps = {{"stacked_dnn", "stacked_mlp"}, {"parallel_dnn", "mlp"}},
          .parameters = {{R"(crossnet\.cross_layers\.(\d+)\.(weight|bias))", "cross/$1/$2"},
                         {R"(crossnet\.U_list\.(\d+))", "cross/$1/u"},
                         {R"(crossnet\.V_list\.(\d+))", "cross/$1/v"},
                         {R"(crossnet\.C_list\.(\d+))", "cross/$1/c"},
                         {R"(crossnet\.bias\.(\d+))", "cross/$1/bias"},
                         {R"(crossnet\.gating\.(\d+)\.weight)", "cross/gate/$1"},
                         {R"(fc\.(weight|bias))", "head/$1"}}};
}

}  // namespace

ModelInfo model_dcnv2() {
  return {
      .name = "dcnv2",
      .title = "cross network of matrices, full or low-rank, with an MLP",
      .paper = "Wang et al., WWW 2021",
      .make = [](const Scope& scope,
                 const ModelContext& context) { return std::make_unique<DcnV2>(scope, context); },
      .criteo =
          [](ModelOptions& o) {
            o.hidden_units = {1000, 1000, 1000, 1000, 1000};
          },
      .shrink =
          [](ModelOptions& o) {
            o.cross.layers = 2;
            o.cross.rank = 3;
            o.cross.experts = 2;
          },
      .variants = variants(),
      .peer = peer()};
}

}  // namespace ctr
