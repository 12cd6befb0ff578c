#pragma once
// What models of several tasks stand on.

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "models/model.h"
#include "models/shallow_tower.h"
#include "models/tower.h"

namespace ctr {

// The tasks that a model learns: the labels of the data, or with --tasks domains its domains.
struct TaskList {
  std::vector<std::string> names;
  bool by_domain = false;
};
// Throws when the data has no domain field for --tasks domains.
TaskList tasks_of(const ModelContext& context);

// The last part of such a model: of each task t a tower of --tower-units and a head, and the
// shallow tower beside them where --shallow-fields asks for one.
//   z_t = w_tᵀ MLP_t(m_t) + c_t
// With a task for each domain a row has but its own domain's z: the model has one logit then, and a
// row's loss reaches the tower of its domain alone. Parameters `tower/<t>/…`, `head/<t>/…`, t being
// the task's number.
class TaskTowers {
 public:
  // `tower` makes the MLPs and must outlive this object; `in` is the width of m_t.
  TaskTowers(const Scope& scope, const ModelContext& context, const Tower& tower,
             const TaskList& tasks, int64_t in);
  // The same with other names than numbers in the parameters' paths.
  TaskTowers(const Scope& scope, const ModelContext& context, const Tower& tower,
             const TaskList& tasks, int64_t in, const std::vector<std::string>& paths);

  // m_t [B, in] of each task → z_t [B, 1] of each, or the rows' own.
  std::vector<Var> operator()(std::span<const Var> m, const Batch& batch) const;

 private:
  std::vector<Mlp> towers_;
  std::unique_ptr<ShallowTower> shallow_;
  bool by_domain_;
};

class MultiTaskModel : public Model {
 public:
  Var logit(const Batch& batch) const final { return logits(batch).front(); }
  // With the tasks' names.
  std::vector<Prediction> predictions(std::span<const Var> logits,
                                      const Batch& batch) const override;

 protected:
  MultiTaskModel(const Scope& scope, const ModelContext& context, TaskList tasks);
  MultiTaskModel(const Scope& scope, const ModelContext& context)
      : MultiTaskModel(scope, context, tasks_of(context)) {}

  const TaskList& tasks() const { return tasks_; }
  int64_t task_count() const { return std::ssize(tasks_.names); }
  // The input fields, but for the shallow tower's position.
  const Tower& tower() const { return tower_; }
  // x [B, embedding().width()]
  Var embedded(const Batch& batch) const { return tower_.embedding().flat(batch); }
  int64_t embedded_width() const { return tower_.embedding().width(); }

 private:
  TaskList tasks_;
  Tower tower_;
};

// For checks: a shallow tower on the field `position`, and a task for each domain.
ModelVariant shallow_variant();
std::vector<ModelVariant> task_variants();

}  // namespace ctr
