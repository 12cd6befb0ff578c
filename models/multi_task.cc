#include "models/multi_task.h"

#include "engine/check.h"
#include "ops/elementwise/elementwise.h"
#include "ops/reduce/reduce.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

// The model's tower, which does not read the shallow tower's position.
Tower main_tower(const Scope& scope, const ModelContext& context) {
  const NameList& shallow = context.options.task.shallow.fields;
  Schema schema = context.schema;
  if (!shallow.empty()) {
    const int64_t position = schema.index_of(shallow.front());
    schema.fields[static_cast<size_t>(position)].input = false;
  }
  return Tower(scope, {schema, context.vectors, context.options});
}

std::vector<std::string> numbers(size_t count) {
  std::vector<std::string> all;
  for (size_t t = 0; t < count; ++t) all.push_back(std::to_string(t));
  return all;
}

// Each row's own: the sum over tasks of z times the domain's indicator, [B, T] → [B, 1].
Var of_own_domain(const std::vector<Var>& z, const Batch& batch) {
  const int64_t tasks = std::ssize(z);
  Tensor own = Tensor::zeros({batch.rows, tasks}, z[0].dtype());
  const auto* domain = batch.domain.data<int64_t>();
  visit_float(own.dtype(), "tasks", [&](auto zero) {
    using T = decltype(zero);
    for (int64_t b = 0; b < batch.rows; ++b) {
      CTR_CHECK_DATA(domain[b] >= 0 && domain[b] < tasks,
                     "tasks: row {} is of domain {}, expected one in [0, {})", b, domain[b], tasks);
      own.data<T>()[b * tasks + domain[b]] = T(1);
    }
  });
  return reshape(sum(concat(z) * Var(own), -1), {batch.rows, 1});
}

}  // namespace

TaskList tasks_of(const ModelContext& context) {
  const Schema& schema = context.schema;
  if (context.options.task.tasks != "domains") return {schema.labels, false};
  CTR_CHECK(schema.index_of(FieldRole::domain) >= 0,
            "tasks: --tasks domains needs a field with the role domain; '{}' has none",
            schema.name);
  TaskList tasks{{}, true};
  for (int64_t d = 0; d < schema.domains; ++d)
    tasks.names.push_back(schema.domain_name(static_cast<size_t>(d)));
  return tasks;
}

TaskTowers::TaskTowers(const Scope& scope, const ModelContext& context, const Tower& tower,
                       const TaskList& tasks, int64_t in)
    : TaskTowers(scope, context, tower, tasks, in, numbers(tasks.names.size())) {}

TaskTowers::TaskTowers(const Scope& scope, const ModelContext& context, const Tower& tower,
                       const TaskList& tasks, int64_t in, const std::vector<std::string>& paths)
    : by_domain_(tasks.by_domain) {
  MlpOptions shape = mlp_options(context.options);
  shape.units = context.options.task.tower_units;
  for (const std::string& path : paths) {
    shape.name = "tower/" + path;
    shape.head = "head/" + path;
    towers_.push_back(tower.mlp(in, shape));
  }
  if (!context.options.task.shallow.fields.empty())
    shallow_ = std::make_unique<ShallowTower>(scope, context, tasks.names);
}

std::vector<Var> TaskTowers::operator()(std::span<const Var> m, const Batch& batch) const {
  CTR_ASSERT(m.size() == towers_.size());
  std::vector<Var> z;
  for (size_t t = 0; t < towers_.size(); ++t) z.push_back(towers_[t](m[t], batch));
  if (shallow_) shallow_->add_to(z, batch);
  if (by_domain_) return {of_own_domain(z, batch)};
  return z;
}

MultiTaskModel::MultiTaskModel(const Scope& scope, const ModelContext& context, TaskList tasks)
    : tasks_(std::move(tasks)), tower_(main_tower(scope, context)) {}

std::vector<Prediction> MultiTaskModel::predictions(std::span<const Var> logits,
                                                    const Batch& batch) const {
  std::vector<Prediction> all = Model::predictions(logits, batch);
  if (tasks_.by_domain) return all;
  for (size_t t = 0; t < all.size(); ++t) all[t].name = tasks_.names[t];
  return all;
}

ModelVariant shallow_variant() {
  return {"shallow tower", [](ModelOptions& o) {
            o.task.shallow.fields = {"position", "domain"};
            o.task.shallow.embedding_dim = 3;
            o.task.shallow.drop = 0.4;
          }};
}

std::vector<ModelVariant> task_variants() {
  return {shallow_variant(), {"a task for each domain", [](ModelOptions& o) {
                                o.task.tasks = "domains";
                                o.task.shallow.fields = {"position"};
                                o.task.shallow.hidden_units = {3};
                                o.task.shallow.serve = "given";
                              }}};
}

}  // namespace ctr
