// FinalMLP (Mao et al., AAAI 2023): two streams, each behind a gate of its own.
//   gate_s = 2 σ(MLP(context_s))                       o_s = MLP_s(v ⊙ gate_s)
//   logit = w_1ᵀ o_1 + b_1 + w_2ᵀ o_2 + b_2 + Σ_h o_{1,h}ᵀ W_h o_{2,h}

#include "engine/check.h"
#include "models/layers/feature_gate.h"
#include "models/layers/stream_fusion.h"
#include "models/model.h"
#include "models/tower.h"

namespace ctr {
namespace {

// The hidden layers of a stream, which ends with its last one.
MlpOptions stream_options(const ModelOptions& options, int stream) {
  MlpOptions shape = mlp_options(options);
  shape.name = stream == 1 ? "mlp1" : "mlp2";
  shape.out = 0;
  if (stream == 1) return shape;
  const FinalMlpOptions& own = options.finalmlp;
  if (!own.units2.empty()) shape.units = own.units2;
  if (own.activation2 != "same") shape.activation = own.activation2;
  if (own.batch_norm2 != "same") shape.batch_norm = own.batch_norm2 == "true";
  if (own.dropout2 >= 0) shape.dropout = own.dropout2;
  return shape;
}

class FinalMlp : public Model {
 public:
  FinalMlp(const Scope& scope, const ModelContext& context)
      : tower_(scope, context),
        mlp1_(tower_.mlp(tower_.embedding().width(), stream_options(context.options, 1))),
        mlp2_(tower_.mlp(tower_.embedding().width(), stream_options(context.options, 2))),
        fusion_(scope / "fusion", mlp1_.width(), mlp2_.width(), context.options.finalmlp) {
    const FinalMlpOptions& own = context.options.finalmlp;
    if (!own.gates) return;
    gate1_ = std::make_unique<FeatureGate>(scope, "gate1", context, tower_, own.context1);
    gate2_ = std::make_unique<FeatureGate>(scope, "gate2", context, tower_, own.context2);
  }

  Var logit(const Batch& batch) const override {
    Var v = tower_.embedding().flat(batch);     // [v_1 … v_F]     [B, F D]
    Var v1 = gate1_ ? (*gate1_)(v, batch) : v;  // v ⊙ gate_1      [B, F D]
    Var v2 = gate2_ ? (*gate2_)(v, batch) : v;  // v ⊙ gate_2      [B, F D]
    Var o1 = mlp1_(v1, batch);                  // MLP_1           [B, N]
    Var o2 = mlp2_(v2, batch);                  // MLP_2           [B, M]
    return fusion_(o1, o2);                     //                 [B, 1]
  }

 private:
  Tower tower_;
  Mlp mlp1_, mlp2_;
  StreamFusion fusion_;
  std::unique_ptr<FeatureGate> gate1_, gate2_;
};

PeerNames peer() {
  PeerNames names{.model = "FinalMLP",
                  .defaults = {{"finalmlp_units2", "64,64,64"},
                               {"finalmlp_activation2", "relu"},
                               {"finalmlp_batch_norm2", "false"},
                               {"finalmlp_dropout2", "0"}}};
  names.options = {{"mlp1_hidden_units", {"hidden_units"}},
                   {"mlp1_hidden_activations", peer_activation("activation")},
                   {"mlp1_dropout", {"dropout"}},
                   {"mlp1_batch_norm", {"batch_norm"}},
                   {"mlp2_hidden_units", {"finalmlp_units2"}},
                   {"mlp2_hidden_activations", peer_activation("finalmlp_activation2")},
                   {"mlp2_dropout", {"finalmlp_dropout2"}},
                   {"mlp2_batch_norm", {"finalmlp_batch_norm2"}},
                   {"use_fs", {"finalmlp_gates"}},
                   {"fs_hidden_units", {"finalmlp_gate_units"}},
                   {"fs1_context", {"finalmlp_context1"}},
                   {"fs2_context", {"finalmlp_context2"}},
                   {"num_heads", {"finalmlp_fusion_heads"}}};
  names.mlps = {{"mlp([12])", "mlp$1"}, {R"(fs_module\.fs([12])_gate)", "gate$1", "gate$1/head"}};
  names.parameters = {
      {R"(fs_module\.fs([12])_ctx_bias)", "gate$1/context"},
      {R"(fs_module\.fs([12])_ctx_emb\..*embedding_layers\.(\w+)\.weight)", "gate$1/embedding/$2"},
      {R"(fusion_module\.w_xy)", "fusion/bilinear"},
      {R"(fusion_module\.w_x\.(weight|bias))", "fusion/1/$1"},
      {R"(fusion_module\.w_y\.(weight|bias))", "fusion/2/$1"}};
  return names;
}

}  // namespace

ModelInfo model_finalmlp() {
  return {.name = "finalmlp",
          .title = "two MLPs behind gates of their own, joined by a bilinear form",
          .paper = "Mao et al., AAAI 2023",
          .make =
              [](const Scope& scope, const ModelContext& context) {
                return std::make_unique<FinalMlp>(scope, context);
              },
          .criteo =
              [](ModelOptions& o) {
                o.hidden_units = {1000, 1000, 1000, 1000, 1000};
                o.finalmlp.units2 = {500};
                o.finalmlp.gates = false;
                o.finalmlp.fusion_heads = 50;
              },
          .shrink =
              [](ModelOptions& o) {
                o.hidden_units = {6, 4};
                o.finalmlp.units2 = {6};
                o.finalmlp.gate_units = {5};
                o.finalmlp.fusion_heads = 2;
              },
          .variants = {{"contexts",
                        [](ModelOptions& o) {
                          o.finalmlp.context1 = {"user", "tags"};
                          o.finalmlp.context2 = {"price"};
                        }},
                       {"awake gates", [](ModelOptions& o) { o.finalmlp.context_deviation = 0.5; }},
                       {"one head", [](ModelOptions& o) { o.finalmlp.fusion_heads = 1; }},
                       {"no gates",
                        [](ModelOptions& o) {
                          o.finalmlp.gates = false;
                          o.finalmlp.activation2 = "prelu";
                        }},
                       {"concat", [](ModelOptions& o) { o.finalmlp.fusion = "concat"; }},
                       {"sum",
                        [](ModelOptions& o) {
                          o.finalmlp.fusion = "sum";
                          o.finalmlp.units2 = {5, 4};
                        }},
                       {"product",
                        [](ModelOptions& o) {
                          o.finalmlp.fusion = "product";
                          o.finalmlp.units2 = {5, 4};
                        }}},
          .peer = peer()};
}

}  // namespace ctr
