// Shared-Bottom (Caruana: Multitask learning, Machine Learning 28, 1997).
//   h = MLP_bottom([v_1 … v_F])     z_t = tower_t(h) for each task t

#include "models/multi_task.h"

namespace ctr {
namespace {

Mlp bottom_of(const ModelContext& context, const Tower& tower) {
  MlpOptions shape = mlp_options(context.options);
  shape.name = "bottom";
  shape.units = context.options.task.bottom_units;
  shape.out = 0;
  return tower.mlp(tower.embedding().width(), shape);
}

class SharedBottom : public MultiTaskModel {
 public:
  SharedBottom(const Scope& scope, const ModelContext& context)
      : MultiTaskModel(scope, context),
        bottom_(bottom_of(context, tower())),
        towers_(scope, context, tower(), tasks(), bottom_.width()) {}

  std::vector<Var> logits(const Batch& batch) const override {
    Var x = embedded(batch);                                           // [v_1 … v_F]      [B, n]
    Var h = bottom_(x, batch);                                         //                  [B, H]
    return towers_(std::vector<Var>(tasks().names.size(), h), batch);  // z_t    [B, 1] each
  }

 private:
  Mlp bottom_;
  TaskTowers towers_;
};

// FuxiCTR has the class under two names.
PeerNames peer(const char* model) {
  PeerNames names{.model = model,
                  .defaults = {{"bottom_units", "64,64,64"}, {"tower_units", "64"}}};
  names.options = {{"bottom_hidden_units", {"bottom_units"}},
                   {"tower_hidden_units", {"tower_units"}}};
  names.mlps = {{"bottom", "bottom"}, {R"(tower\.(\d+))", "tower/$1", "head/$1"}};
  return names;
}

}  // namespace

ModelInfo model_sharedbottom() {
  return {.name = "sharedbottom",
          .title = "several tasks: a tower each on one MLP",
          .paper = "Caruana, Machine Learning 1997",
          .make =
              [](const Scope& scope, const ModelContext& context) {
                return std::make_unique<SharedBottom>(scope, context);
              },
          .shrink =
              [](ModelOptions& o) {
                o.task.bottom_units = {6, 5};
                o.task.tower_units = {6};
              },
          .variants = task_variants(),
          .peer = peer("ShareBottom"),
          .other_peers = {peer("SharedBottom")},
          .labels = 2};
}

}  // namespace ctr
