// Attention pooling, then customized gate control with a task for each domain (pooling: Nadaraya,
// 1964; Watson, 1964; Uni-CTR, Fu et al., 2023; CGC: Tang et al., RecSys 2020).
//   f = Σ_i a_i x_i over the places of a sequence, a_i ∝ K(‖(q_d − x_i) w‖), d the row's domain
//   m_d = Σ gate_d(v) [experts_d(v) ∥ experts_s(v)],  v = [f, other fields],  logit = tower_d(m_d)

#include "engine/check.h"
#include "models/layers/attention_pooling.h"
#include "models/layers/extraction_level.h"
#include "models/layers/sequence_groups.h"
#include "models/multi_task.h"
#include "ops/gather/gather.h"

namespace ctr {
namespace {

int64_t sequence_field(const ModelContext& context) {
  const Schema& schema = context.schema;
  const std::string& name = context.options.pooling.field;
  for (size_t f = 0; f < schema.fields.size(); ++f) {
    const Field& field = schema.fields[f];
    const bool sequence = field.type == FieldType::sequence && field.input;
    if (name.empty() ? sequence : field.name == name) {
      CTR_CHECK(sequence, "pooledcgc: '{}' is no sequence that is an input", name);
      return static_cast<int64_t>(f);
    }
  }
  if (!name.empty()) return schema.index_of(name);  // throws with the nearest name
  fail(ErrorKind::usage, "pooledcgc: data set '{}' has no sequence", schema.name);
}

// The domain picks query, experts and tower; its vector is for APG's conditions alone.
Schema schema_of(const ModelContext& context) {
  Schema schema = context.schema;
  const int64_t domain = schema.index_of(FieldRole::domain);
  if (domain >= 0)
    schema.fields[static_cast<size_t>(domain)].input = context.options.linear == "apg";
  return schema;
}

TaskList domain_tasks(const ModelContext& context) {
  ModelOptions options = context.options;
  options.task.tasks = "domains";
  return tasks_of({context.schema, context.vectors, options});
}

class PooledCgc : public MultiTaskModel {
 public:
  PooledCgc(const Scope& scope, const ModelContext& context)
      : PooledCgc(scope, {schema_of(context), context.vectors, context.options},
                  domain_tasks(context)) {}

  std::vector<Var> logits(const Batch& batch) const override {
    const SequenceBatch x = read_sequence(tower().embedding(), schema_, field_, batch);
    Var q = query_ != nullptr ? gather(*query_, batch.domain) : Var();         // q_d     [B, D]
    Var f = pooling_(q, x.history, x.mask);                                    // Σ a x   [B, D]
    Var v = tower().embedding().flat(batch, {{field_, f}, {domain_, Var()}});  //  [B, N]
    return towers_(level_(std::vector<Var>(tasks().names.size() + 1, v)), batch);
  }

 private:
  PooledCgc(const Scope& scope, const ModelContext& context, TaskList tasks)
      : MultiTaskModel(scope, context, std::move(tasks)),
        schema_(context.schema),
        field_(sequence_field(context)),
        pooling_(scope / "pool", context.options.pooling.kind,
                 tower().embedding().width_of(field_)),
        domain_(schema_.index_of(FieldRole::domain)),
        level_(scope / "level" / 0, embedded_width() - tower().embedding().width_of(domain_),
               task_count(), true, context.options),
        towers_(scope, context, tower(), this->tasks(), level_.width()) {
    const int64_t width = tower().embedding().width_of(field_);
    if (pooling_.takes_query())
      query_ = &scope.parameter("query", {task_count(), width}, Initializer::normal(1));
  }

  Schema schema_;
  int64_t field_;
  AttentionPooling pooling_;
  int64_t domain_;
  ExtractionLevel level_;
  TaskTowers towers_;
  const Parameter* query_ = nullptr;
};

ModelVariant variant(const char* kind) {
  return {kind, [kind](ModelOptions& o) { o.pooling.kind = kind; }};
}

}  // namespace

ModelInfo model_pooledcgc() {
  return {
      .name = "pooledcgc",
      .title = "attention pooling of a sequence, then experts of each domain beside shared ones",
      .paper = "Tang et al., RecSys 2020",
      .make =
          [](const Scope& scope, const ModelContext& context) {
            return std::make_unique<PooledCgc>(scope, context);
          },
      .shrink =
          [](ModelOptions& o) {
            o.task.expert_units = {6, 5};
            o.task.tower_units = {6};
          },
      .variants = {variant("gaussian_scalar"), variant("gaussian_diagonal"), variant("unictr")},
      .needs_sequences = true};
}

}  // namespace ctr
