// EDCN, Enhanced Deep & Cross Network (Chen et al., CIKM 2021): cross and deep layers side by
// side, each of which sees what both made before. With c, h = R_0(x0), the regulated inputs, and c0
// = c, for each layer
//   c ← c0 (c · w_l) + b_l + c,   h ← ReLU(W_l h + β_l),   y = bridge(c, h)
// and c, h = R_{l+1}(y) before the next.   logit = w · [c ; h ; y] + b

#include <tuple>

#include <fmt/format.h>

#include "models/layers/cross_net.h"
#include "models/layers/edcn_layers.h"
#include "models/model.h"
#include "models/tower.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

class Edcn : public Model {
 public:
  Edcn(const Scope& scope, const ModelContext& context)
      : options_(context.options.edcn),
        tower_(scope, context),
        cross_(scope / "cross", tower_.embedding().width(), context.options.cross.layers),
        head_(scope / "head", 3 * tower_.embedding().width(), 1) {
    const int64_t width = tower_.embedding().width();  // F D
    const int64_t fields = tower_.embedding().count();
    MlpOptions shape = mlp_options(context.options);
    shape.units = {width};
    shape.out = 0;
    shape.batch_norm = false;  // it belongs to the regulation
    for (int64_t l = 0; l < context.options.cross.layers; ++l) {
      shape.name = fmt::format("deep/{}", l);
      deep_.push_back(tower_.mlp(width, shape));
      bridges_.emplace_back(scope / "bridge" / l, width, options_);
      regulations_.emplace_back(scope / "regulation" / l, fields, width / fields, context.options);
    }
  }

  Var logit(const Batch& batch) const override {
    auto [c, h] = regulations_[0](flatten(tower_.embedding().fields(batch)));  // [B, F D] each
    const Var c0 = c;
    Var y;
    for (size_t l = 0; l < deep_.size(); ++l) {
      if (l > 0) std::tie(c, h) = regulations_[l](y);
      const Var& base = options_.base == "first" ? c0 : c;
      c = cross_.layer(static_cast<int64_t>(l), base, c, options_.residual);  // [B, F D]
      h = deep_[l](h, batch);                                                 // [B, F D]
      y = bridges_[l](c, h);                                                  // [B, F D]
    }
    return head_({c, h, y});  // [B, 1]
  }

 private:
  EdcnOptions options_;
  Tower tower_;
  CrossNet cross_;
  LinearLayer head_;
  std::vector<Mlp> deep_;
  std::vector<Bridge> bridges_;
  std::vector<Regulation> regulations_;
};

ModelVariant bridge(const char* kind) {
  return {kind, [kind](ModelOptions& o) { o.edcn.bridge = kind; }};
}

PeerNames peer() {
  return {.model = "EDCN",
          .defaults = {{"edcn_residual", "false"}, {"edcn_attention", "shared"}},
          .options = {{"num_cross_layers", {"cross_layers"}},
                      {"temperature", {"edcn_temperature"}},
                      {"use_regulation", {"edcn_regulation"}},  // version 1
                      {"bridge_type",
                       {"edcn_bridge",
                        {{"hadamard_product", "hadamard"}, {"pointwise_addition", "addition"}}}}},
          .mlps = {{R"(dense_layers\.(\d+))", "deep/$1"}},
          .parameters = {
              {R"(cross_layers\.(\d+)\.weight\.weight)", "cross/$1/weight"},
              {R"(cross_layers\.(\d+)\.bias)", "cross/$1/bias"},
              {R"(regulation_modules\.(\d+)\.g1)", "regulation/$1/cross/gate"},
              {R"(regulation_modules\.(\d+)\.g2)", "regulation/$1/deep/gate"},
              {R"(regulation_modules\.(\d+)\.bn1\.(\w+))", "regulation/$1/cross/bn/$2"},
              {R"(regulation_modules\.(\d+)\.bn2\.(\w+))", "regulation/$1/deep/bn/$2"},
              {R"(bridge_modules\.(\d+)\.concat_pooling\.0\.(\w+))", "bridge/$1/$2"},
              {R"(bridge_modules\.(\d+)\.attention1\.0\.(\w+))", "bridge/$1/cross/hidden/$2"},
              {R"(bridge_modules\.(\d+)\.attention1\.2\.weight)", "bridge/$1/cross/out"},
              {R"(bridge_modules\.(\d+)\.attention2\.0\.(\w+))", "bridge/$1/deep/hidden/$2"},
              {R"(bridge_modules\.(\d+)\.attention2\.2\.weight)", "bridge/$1/deep/out"},
              {R"(fc\.(weight|bias))", "head/$1"}}};
}

}  // namespace

ModelInfo model_edcn() {
  return {
      .name = "edcn",
      .title = "cross and deep layers that share what they made",
      .paper = "Chen et al., CIKM 2021",
      .make = [](const Scope& scope,
                 const ModelContext& context) { return std::make_unique<Edcn>(scope, context); },
      // Gates shrink their inputs and bridges multiply them: without norms the signal dies.
      .preset = [](ModelOptions& o) { o.batch_norm = true; },
      .criteo = [](ModelOptions& o) { o.edcn.temperature = 20; },
      .shrink = [](ModelOptions& o) { o.cross.layers = 2; },
      .variants = {bridge("addition"),
                   bridge("concatenation"),
                   bridge("attention_pooling"),
                   {"without residual", [](ModelOptions& o) { o.edcn.residual = false; }},
                   {"base of each layer", [](ModelOptions& o) { o.edcn.base = "layer"; }},
                   {"without gates", [](ModelOptions& o) { o.edcn.regulation = false; }},
                   {"without norm, temperature 2",
                    [](ModelOptions& o) {
                      o.batch_norm = false;
                      o.edcn.temperature = 2;
                    }}},
      .peer = peer()};
}

}  // namespace ctr
