// Customized gate control (Tang et al., RecSys 2020, §4.1). x = [v_1 … v_F].
//   m_t = Σ gate_t(x) [f_t ∥ f_s], f_t = experts_t(x), f_s = experts_s(x)      z_t = tower_t(m_t)

#include "models/layers/extraction_level.h"
#include "models/multi_task.h"

namespace ctr {
namespace {

class Cgc : public MultiTaskModel {
 public:
  Cgc(const Scope& scope, const ModelContext& context)
      : MultiTaskModel(scope, context),
        level_(scope / "level" / 0, embedded_width(), task_count(), true, context.options),
        towers_(scope, context, tower(), tasks(), level_.width()) {}

  std::vector<Var> logits(const Batch& batch) const override {
    Var x = embedded(batch);  // [v_1 … v_F]                   [B, n]
    std::vector<Var> m = level_(std::vector<Var>(tasks().names.size() + 1, x));  // [B, H] each
    return towers_(m, batch);  // z_t                          [B, 1] each
  }

 private:
  ExtractionLevel level_;
  TaskTowers towers_;
};

}  // namespace

ModelInfo model_cgc() {
  std::vector<ModelVariant> variants = task_variants();
  variants.push_back({"no experts of one task", [](ModelOptions& o) {
                        o.task.specific_experts = 0;
                        o.task.shared_experts = 3;
                      }});
  return {.name = "cgc",
          .title = "several tasks: experts of each task beside shared ones",
          .paper = "Tang et al., RecSys 2020",
          .make = [](const Scope& scope,
                     const ModelContext& context) { return std::make_unique<Cgc>(scope, context); },
          .shrink =
              [](ModelOptions& o) {
                o.task.expert_units = {6, 5};
                o.task.specific_experts = 2;
                o.task.tower_units = {6};
              },
          .variants = variants,
          .labels = 2};
}

}  // namespace ctr
