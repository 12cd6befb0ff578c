#include "models/layers/condition.h"

#include "engine/check.h"
#include "ops/elementwise/elementwise.h"
#include "ops/linear/linear.h"
#include "ops/reduce/reduce.h"
#include "ops/shaping/shaping.h"
#include "ops/softmax/softmax.h"

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

}  // namespace

Condition::Condition(const Scope& scope, const ModelContext& context, const Embedding& embedding)
    : embedding_(&embedding) {
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
  Var keys = linear(reshape(stacked, {rows * count, width}), *weight_, *bias_,
                    {Activation::tanh, WeightLayout::out_in});
  Var scores = linear(keys, reshape(*query_, {1, query_->value.count()}));     // [B c, 1]
  return row_matmul(softmax(reshape(scores, {rows, count})), stacked, width);  // Σ_j a_j z_j
}

std::vector<Var> Condition::operator()(const Batch& batch) const {
  std::vector<Var> z;
  for (int64_t field : fields_) z.push_back(embedding_->field(batch, field));
  if (z.empty() || aggregation_.empty()) return z;
  return {aggregate(z)};
}

}  // namespace ctr
