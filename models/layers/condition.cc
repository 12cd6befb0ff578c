#include "models/layers/condition.h"

#include <algorithm>

#include "engine/check.h"
#include "ops/elementwise/elementwise.h"
#include "ops/pooling/pooling.h"
#include "ops/reduce/reduce.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

// The fields named, or the data's user and domain.
std::vector<int64_t> condition_fields(const Schema& schema, const ApgOptions& options) {
  std::vector<int64_t> fields;
  for (const std::string& name : options.condition_fields) fields.push_back(schema.index_of(name));
  for (size_t f = 0; f < schema.fields.size() && options.condition_fields.empty(); ++f) {
    FieldRole role = schema.fields[f].role;
    if (role == FieldRole::user || role == FieldRole::domain)
      fields.push_back(static_cast<int64_t>(f));
  }
  CTR_CHECK(!fields.empty(),
            "apg: {} needs --condition-fields; data set '{}' marks no user or domain field",
            options.condition_mode, schema.name);
  return fields;
}

// The ids of each group's first row; those of row 0 for empty groups.
Tensor first_of_each(const Tensor& ids, const RowGroups& groups) {
  Tensor result({groups.count()}, DType::i64);
  for (int64_t g = 0; g < groups.count(); ++g) {
    const std::span<const int64_t> rows = groups.rows_of(g);
    result.data<int64_t>()[g] = ids.data<int64_t>()[rows.empty() ? 0 : rows[0]];
  }
  return result;
}

}  // namespace

Condition::Condition(const Scope& scope, const ModelContext& context, const Embedding& embedding)
    : embedding_(&embedding), distinct_(context.options.apg.distinct_conditions) {
  const ApgOptions& options = context.options.apg;
  if (options.condition_mode == "self-wise") return;
  fields_ = condition_fields(context.schema, options);
  if (options.condition_embedding == "own") {
    own_ = std::make_unique<Embedding>(scope / "condition", context, fields_);
    embedding_ = own_.get();
  }
  for (int64_t field : fields_) widths_.push_back(embedding_->width_of(field));
  const bool mix = options.condition_mode == "mix-wise";
  if (mix && options.aggregation_side == "output") {
    CTR_CHECK(options.aggregation == "mean" || options.aggregation == "sum",
              "apg: outputs are aggregated by mean or sum, got '{}'; use --aggregation-side input",
              options.aggregation);
    return;
  }
  aggregation_ = mix ? options.aggregation : "concat";
  if (aggregation_ == "concat") {
    int64_t sum = 0;
    for (int64_t width : widths_) sum += width;
    widths_ = {sum};
    return;
  }
  const int64_t width = widths_[0];
  for (int64_t other : widths_) {
    CTR_CHECK(other == width,
              "apg: aggregation '{}' needs conditions of one width, got {} and {}; use "
              "--aggregation concat or set "
              "--embedding-dim",
              aggregation_, width, other);
  }
  widths_ = {width};
  if (aggregation_ != "attention") return;
  const Scope own = scope / "condition";
  const int64_t units = options.attention_units;
  weight_ = &own.parameter("weight", {units, width}, Initializer::xavier_normal(width, units));
  bias_ = &own.parameter("bias", {units}, Initializer::zeros());
  query_ = &own.parameter("query", {units}, Initializer::xavier_normal(units, 1));
}

Var Condition::aggregate(const std::vector<Var>& z) const {
  if (aggregation_ == "concat") return concat(z);
  const int64_t rows = z[0].dim(0), count = static_cast<int64_t>(z.size()), width = z[0].dim(1);
  Var stacked = reshape(concat(z), {rows, count, width});  // [B, c, D]
  if (aggregation_ == "sum") return sum(stacked, 1);
  if (aggregation_ == "mean") return mean(stacked, 1);
  return query_attention_pooling(stacked, *weight_, *bias_, *query_);  // Σ_j a_j z_j
}

// Of the rows by these fields' ids; undefined when grouping them is not worth it.
RowGroups Condition::distinct(const Batch& batch, std::span<const int64_t> fields) const {
  std::vector<Tensor> ids;
  for (int64_t field : fields) {
    const FieldBatch& values = batch.fields[static_cast<size_t>(field)];
    if (!distinct_ || !values.ids.defined() || values.offsets.defined()) return {};
    ids.push_back(values.ids);
  }
  const int64_t most = batch.rows / 2;
  RowGroups groups = group_by_ids(ids, std::max<int64_t>(1, batch.rows / 32));
  return groups.count() <= most ? groups : RowGroups();
}

BatchCondition Condition::of_fields(const Batch& batch, std::span<const int64_t> fields) const {
  const RowGroups groups = distinct(batch, fields);
  Batch one_of_each;
  if (groups.defined()) {
    one_of_each.rows = groups.count();
    one_of_each.fields.resize(batch.fields.size());
    for (int64_t field : fields) {
      const auto index = static_cast<size_t>(field);
      one_of_each.fields[index].ids = first_of_each(batch.fields[index].ids, groups);
    }
  }
  std::vector<Var> z;
  for (int64_t field : fields)
    z.push_back(embedding_->field(groups.defined() ? one_of_each : batch, field));
  return {z.size() == 1 ? z[0] : aggregate(z), groups};
}

std::vector<BatchCondition> Condition::operator()(const Batch& batch) const {
  std::vector<BatchCondition> result;
  if (fields_.empty()) return result;
  if (!aggregation_.empty()) return {of_fields(batch, fields_)};
  for (const int64_t& field : fields_) result.push_back(of_fields(batch, {&field, 1}));
  return result;
}

}  // namespace ctr
