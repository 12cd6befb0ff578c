// Multi-gate mixture-of-experts (Ma et al., KDD 2018). x = [v_1 … v_F].
//   f_e = MLP_e(x)      g_t = softmax(x G_tᵀ)      z_t = tower_t(Σ_e g_te f_e) for each task t

#include "models/layers/experts.h"
#include "models/multi_task.h"
#include "ops/experts/experts.h"

namespace ctr {
namespace {

class Mmoe : public MultiTaskModel {
 public:
  Mmoe(const Scope& scope, const ModelContext& context)
      : MultiTaskModel(scope, context),
        experts_(scope, embedded_width(), context.options.task.experts, context.options),
        towers_(scope, context, tower(), tasks(), experts_.width()) {
    for (int64_t t = 0; t < task_count(); ++t)
      gates_.emplace_back(scope / "gate" / t, embedded_width(), context.options.task.experts,
                          context.options);
  }

  std::vector<Var> logits(const Batch& batch) const override {
    Var x = embedded(batch);  // [v_1 … v_F]         [B, n]
    Var f = experts_(x);      // f_e                 [B, E, H]
    std::vector<Var> m;
    for (const Gate& gate : gates_) m.push_back(mix_experts({f}, gate(x)));  // Σ_e g_te f_e  [B, H]
    return towers_(m, batch);  // z_t                [B, 1] each
  }

 private:
  Experts experts_;
  TaskTowers towers_;
  std::vector<Gate> gates_;
};

PeerNames peer() {
  PeerNames names{.model = "MMoE",
                  .defaults = {{"experts", "4"},
                               {"expert_units", "512,256,128"},
                               {"gate_units", "128,64"},
                               {"gate_bias", "true"},
                               {"tower_units", "128,64"}}};
  names.options = {{"num_experts", {"experts"}},
                   {"expert_hidden_units", {"expert_units"}},
                   {"gate_hidden_units", {"gate_units"}},
                   {"tower_hidden_units", {"tower_units"}}};
  names.mlps = {{R"(mmoe_layer\.experts\.(\d+))", "expert/$1"},
                {R"(mmoe_layer\.gate\.(\d+))", "gate/$1/mlp", "gate/$1/head"},
                {R"(tower\.(\d+))", "tower/$1", "head/$1"}};
  return names;
}

}  // namespace

ModelInfo model_mmoe() {
  std::vector<ModelVariant> variants = task_variants();
  variants.push_back({"gates that are MLPs", [](ModelOptions& o) { o.task.gate_units = {4}; }});
  variants.push_back({"batch norm, prelu, gates with a bias", [](ModelOptions& o) {
                        o.batch_norm = true;
                        o.activation = "prelu";
                        o.task.gate_bias = true;
                      }});
  return {
      .name = "mmoe",
      .title = "several tasks: experts that each task mixes by a gate of its own",
      .paper = "Ma et al., KDD 2018",
      .make = [](const Scope& scope,
                 const ModelContext& context) { return std::make_unique<Mmoe>(scope, context); },
      .shrink =
          [](ModelOptions& o) {
            o.task.experts = 3;
            o.task.expert_units = {6, 5};
            o.task.tower_units = {6};
          },
      .variants = variants,
      .peer = peer(),
      .labels = 2};
}

}  // namespace ctr
