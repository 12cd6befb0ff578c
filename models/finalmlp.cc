// FinalMLP (Mao et al., FinalMLP: An Enhanced Two-Stream MLP Model for CTR Prediction, AAAI 2023).
//   v_s = v ⊙ 2 σ(MLP(context_s)),  o_s = MLP_s(v_s),  s = 1, 2          v = [v_1 … v_F]
//   logit = w_1 · o_1 + b_1 + w_2 · o_2 + b_2 + Σ_h o_{1,h}ᵀ W_h o_{2,h}
// with o_1 and o_2 cut into H heads. Other fusions: w · (o_1 + o_2) + b, w · (o_1 ⊙ o_2) + b,
// w · [o_1 ; o_2] + b.

#include <cmath>

#include "engine/check.h"
#include "models/model.h"
#include "models/tower.h"
#include "ops/activation/activation.h"
#include "ops/elementwise/elementwise.h"
#include "ops/linear/linear.h"
#include "ops/reduce/reduce.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

// 2 σ(MLP(context)): the context's own tables, or one vector for all rows.
class Gate {
 public:
  Gate(const Scope& scope, const ModelContext& context, const NameList& fields, int64_t width,
       int64_t features)
      : features_(features) {
    const FinalMlpOptions& options = context.options.finalmlp;
    int64_t in = width;
    if (fields.empty()) {
      vector_ =
          &scope.parameter("context", {1, width}, Initializer::normal(options.context_deviation));
    } else {
      std::vector<int64_t> indices;
      for (const std::string& name : fields) indices.push_back(context.schema.index_of(name));
      tables_ = std::make_unique<Embedding>(scope, context, indices);
      in = tables_->width();
    }
    MlpOptions shape;
    shape.name = "gate";
    shape.head = "gate/out";
    shape.units = options.gate_units;
    shape.out = features;
    net_ = std::make_unique<Mlp>(scope, in, shape);
  }

  // v ⊙ gate; a vector's gate is computed once for all rows.
  Var operator()(const Var& v, const Batch& batch) const {
    const Var context = tables_ ? tables_->flat(batch) : Var(*vector_);
    const Var gate = scale(sigmoid((*net_)(context)), 2);  // [B, D] or [1, D]
    return v * (tables_ ? gate : reshape(gate, {features_}));
  }

 private:
  int64_t features_;
  const Parameter* vector_ = nullptr;
  std::unique_ptr<Embedding> tables_;
  std::unique_ptr<Mlp> net_;
};

// Streams o_1 [B, N1] and o_2 [B, N2] → [B, 1].
class Fusion {
 public:
  Fusion(const Scope& scope, int64_t n1, int64_t n2, const FinalMlpOptions& options)
      : kind_(options.fusion), heads_(options.heads), a_(n1 / heads_), b_(n2 / heads_) {
    if (kind_ != "bilinear") {
      CTR_CHECK(n1 == n2 || kind_ == "concat",
                "finalmlp: the fusion '{}' needs streams of one width, got {} and {}; set "
                "--mlp2-units",
                kind_, n1, n2);
      w1_ = std::make_unique<LinearLayer>(scope, kind_ == "concat" ? n1 + n2 : n1, 1);
      return;
    }
    CTR_CHECK(n1 % heads_ == 0 && n2 % heads_ == 0,
              "finalmlp: {} heads must divide the widths of both streams, {} and {}; set "
              "--fusion-heads",
              heads_, n1, n2);
    w1_ = std::make_unique<LinearLayer>(scope / "w1", n1, 1);
    w2_ = std::make_unique<LinearLayer>(scope / "w2", n2, 1);
    w12_ = &scope.parameter("w12", {heads_, a_, b_}, Initializer::xavier_normal(1, n1 * b_));
  }

  Var operator()(const Var& o1, const Var& o2) const {
    if (kind_ == "sum") return (*w1_)(o1 + o2);
    if (kind_ == "product") return (*w1_)(o1 * o2);
    if (kind_ == "concat") return (*w1_)(concat({o1, o2}));
    return (*w1_)(o1) + (*w2_)(o2) + bilinear(o1, o2);
  }

 private:
  // Σ_h o_{1,h}ᵀ W_h o_{2,h} = [o_{1,1} W_1 ; … ; o_{1,H} W_H] · o_2
  Var bilinear(const Var& o1, const Var& o2) const {
    const auto heads = static_cast<size_t>(heads_);
    const std::vector<int64_t> ones(heads, 1), widths(heads, a_);
    const std::vector<Var> w = split(*w12_, ones, 0), x = split(o1, widths);
    std::vector<Var> products;
    for (size_t h = 0; h < heads; ++h) products.push_back(matmul(x[h], reshape(w[h], {a_, b_})));
    return reshape(sum(concat(products) * o2, -1), {o1.dim(0), 1});
  }

  std::string kind_;
  int64_t heads_, a_, b_;
  std::unique_ptr<LinearLayer> w1_, w2_;
  const Parameter* w12_ = nullptr;
};

MlpOptions second_stream(const ModelOptions& options) {
  MlpOptions shape = mlp_options(options);
  const FinalMlpOptions& own = options.finalmlp;
  if (!own.units.empty()) shape.units = own.units;
  if (!own.activation.empty()) shape.activation = own.activation;
  if (own.dropout >= 0) shape.dropout = own.dropout;
  if (own.batch_norm != "same") shape.batch_norm = own.batch_norm == "on";
  shape.name = "mlp2";
  shape.out = 0;
  return shape;
}

class FinalMlp : public Model {
 public:
  FinalMlp(const Scope& scope, const ModelContext& context) : tower_(scope, context) {
    const FinalMlpOptions& options = context.options.finalmlp;
    const int64_t d = tower_.embedding().width();
    if (options.gates) {
      const int64_t width = tower_.embedding().vector_width();
      gate1_ = std::make_unique<Gate>(scope / "gate1", context, options.context1, width, d);
      gate2_ = std::make_unique<Gate>(scope / "gate2", context, options.context2, width, d);
    }
    MlpOptions first = mlp_options(context.options);
    first.name = "mlp1";
    first.out = 0;
    mlp1_ = std::make_unique<Mlp>(tower_.mlp(d, first));
    mlp2_ = std::make_unique<Mlp>(tower_.mlp(d, second_stream(context.options)));
    fusion_ = std::make_unique<Fusion>(scope / "fusion", mlp1_->width(), mlp2_->width(), options);
  }

  Var logit(const Batch& batch) const override {
    Var v = tower_.embedding().flat(batch);     // [v_1 … v_F]          [B, D]
    Var v1 = gate1_ ? (*gate1_)(v, batch) : v;  // v ⊙ 2 σ(MLP(context_1))
    Var v2 = gate2_ ? (*gate2_)(v, batch) : v;  // v ⊙ 2 σ(MLP(context_2))
    Var o1 = (*mlp1_)(v1, batch);               // MLP_1(v_1)           [B, N1]
    Var o2 = (*mlp2_)(v2, batch);               // MLP_2(v_2)           [B, N2]
    return (*fusion_)(o1, o2);                  //                      [B, 1]
  }

 private:
  Tower tower_;
  std::unique_ptr<Gate> gate1_, gate2_;
  std::unique_ptr<Mlp> mlp1_, mlp2_;
  std::unique_ptr<Fusion> fusion_;
};

PeerNames peer() {
  return {.model = "FinalMLP",
          .defaults = {{"mlp2_units", "64,64,64"},
                       {"mlp2_batch_norm", "off"},
                       {"mlp2_dropout", "0"},
                       {"mlp2_activation", "relu"}},
          .options = {{"mlp1_hidden_units", {"hidden_units"}},
                      {"mlp1_hidden_activations", {"activation"}},
                      {"mlp1_dropout", {"dropout"}},
                      {"mlp1_batch_norm", {"batch_norm"}},
                      {"mlp2_hidden_units", {"mlp2_units"}},
                      {"mlp2_hidden_activations", {"mlp2_activation"}},
                      {"mlp2_dropout", {"mlp2_dropout"}},
                      {"mlp2_batch_norm", {"mlp2_batch_norm", {{"true", "on"}, {"false", "off"}}}},
                      {"use_fs", {"feature_gates"}},
                      {"fs_hidden_units", {"gate_units"}},
                      {"fs1_context", {"gate1_context"}},
                      {"fs2_context", {"gate2_context"}},
                      {"num_heads", {"fusion_heads"}}},
          .mlps = {{"mlp([12])", "mlp$1"},
                   {R"(fs_module\.fs([12])_gate)", "gate$1/gate", "gate$1/gate/out"}},
          .parameters = {{R"(fs_module\.fs([12])_ctx_bias)", "gate$1/context"},
                         {R"(fs_module\.fs([12])_ctx_emb\..*embedding_layers\.(\w+)\.weight)",
                          "gate$1/embedding/$2"},
                         {R"(fusion_module\.w_xy)", "fusion/w12"},
                         {R"(fusion_module\.w_x\.(weight|bias))", "fusion/w1/$1"},
                         {R"(fusion_module\.w_y\.(weight|bias))", "fusion/w2/$1"}}};
}

}  // namespace

ModelInfo model_finalmlp() {
  std::vector<ModelVariant> variants = {
      {"contexts, two heads",
       [](ModelOptions& o) {
         o.hidden_units = {6, 4};
         o.finalmlp.units = {6};
         o.finalmlp.heads = 2;
         o.finalmlp.context1 = {"user"};
         o.finalmlp.context2 = {"item", "price"};
       }},
      {"no gates", [](ModelOptions& o) { o.finalmlp.gates = false; }}};
  for (const char* fusion : {"sum", "product", "concat"})
    variants.push_back({fusion, [=](ModelOptions& o) {
                          o.finalmlp.fusion = fusion;
                          o.activation = "tanh";  // products of two ReLUs are mostly zero
                        }});
  return {.name = "finalmlp",
          .title = "two MLPs on gated features, joined by a bilinear fusion",
          .paper = "Mao et al., AAAI 2023",
          .make =
              [](const Scope& scope, const ModelContext& context) {
                return std::make_unique<FinalMlp>(scope, context);
              },
          .criteo =
              [](ModelOptions& o) {
                o.hidden_units = {1000, 1000, 1000, 1000, 1000};
                o.finalmlp.units = {500};
                o.finalmlp.gates = false;
                o.finalmlp.heads = 50;
              },
          .shrink =
              [](ModelOptions& o) {
                o.finalmlp.gate_units = {5};
                o.finalmlp.context_deviation = 0.5;
              },
          .variants = variants,
          .peer = peer()};
}

}  // namespace ctr
