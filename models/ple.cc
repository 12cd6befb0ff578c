// Progressive layered extraction (Tang et al., RecSys 2020, §4.2): levels of CGC.
//   x_1 = … = x_T = x_s = [v_1 … v_F]      x_1 … x_T, x_s ← level_l(x_1 … x_T, x_s)
//   z_t = tower_t(x_t)
// A task's gate mixes its own experts and the shared ones, the shared gate all of them.

#include "models/layers/extraction_level.h"
#include "models/multi_task.h"

namespace ctr {
namespace {

std::vector<ExtractionLevel> levels_of(const Scope& scope, int64_t in, int64_t tasks,
                                       const ModelOptions& options) {
  std::vector<ExtractionLevel> levels;
  for (int64_t l = 0; l < options.task.ple_levels; ++l) {
    levels.emplace_back(scope / "level" / l, in, tasks, l + 1 == options.task.ple_levels, options);
    in = levels.back().width();
  }
  return levels;
}

class Ple : public MultiTaskModel {
 public:
  Ple(const Scope& scope, const ModelContext& context)
      : MultiTaskModel(scope, context),
        levels_(levels_of(scope, embedded_width(), task_count(), context.options)),
        towers_(scope, context, tower(), tasks(), levels_.back().width()) {}

  std::vector<Var> logits(const Batch& batch) const override {
    std::vector<Var> x(tasks().names.size() + 1, embedded(batch));  // x_1 … x_T, x_s   [B, n] each
    for (const ExtractionLevel& level : levels_) x = level(x);      //                  [B, H] each
    return towers_(x, batch);                                       // z_t              [B, 1] each
  }

 private:
  std::vector<ExtractionLevel> levels_;
  TaskTowers towers_;
};

PeerNames peer() {
  PeerNames names{.model = "PLE",
                  .defaults = {{"ple_levels", "1"},
                               {"ple_dialect", "fuxictr"},
                               {"expert_units", "512,256,128"},
                               {"gate_units", "128,64"},
                               {"gate_bias", "true"},
                               {"tower_units", "128,64"}}};
  names.options = {{"num_layers", {"ple_levels"}},
                   {"num_specific_experts", {"specific_experts"}},
                   {"num_shared_experts", {"shared_experts"}},
                   {"expert_hidden_units", {"expert_units"}},
                   {"gate_hidden_units", {"gate_units"}},
                   {"tower_hidden_units", {"tower_units"}}};
  const std::string level = R"(cgc_layers\.(\d+)\.)";
  names.mlps = {
      {level + R"(shared_experts\.(\d+))", "level/$1/shared/expert/$2"},
      {level + R"(specific_experts\.(\d+)\.(\d+))", "level/$1/task/$2/expert/$3"},
      {level + R"(gate\.(\d+))", "level/$1/task/$2/gate/mlp", "level/$1/task/$2/gate/head"},
      {R"(tower\.(\d+))", "tower/$1", "head/$1"}};
  return names;
}

}  // namespace

ModelInfo model_ple() {
  std::vector<ModelVariant> variants = task_variants();
  variants.push_back({"one level", [](ModelOptions& o) { o.task.ple_levels = 1; }});
  variants.push_back({"FuxiCTR's shared gate", [](ModelOptions& o) {
                        o.task.ple_dialect = "fuxictr";
                        o.task.shared_experts = 2;
                        o.task.gate_units = {4};
                      }});
  return {.name = "ple",
          .title = "several tasks: levels of experts, of each task and shared",
          .paper = "Tang et al., RecSys 2020",
          .make = [](const Scope& scope,
                     const ModelContext& context) { return std::make_unique<Ple>(scope, context); },
          .preset = [](ModelOptions& o) { o.task.expert_units = {256}; },
          .shrink =
              [](ModelOptions& o) {
                o.task.expert_units = {6};
                o.task.specific_experts = 2;
                o.task.tower_units = {6};
              },
          .variants = variants,
          .peer = peer(),
          .labels = 2};
}

}  // namespace ctr
