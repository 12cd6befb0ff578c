#include "models/layers/field_norm.h"

#include "engine/check.h"
#include "ops/norm/norm.h"
#include "ops/shaping/shaping.h"

namespace ctr {

FieldNorm::FieldNorm(const Scope& scope, const ModelContext& context, const Embedding& embedding) {
  for (size_t f = 0; f < context.schema.fields.size(); ++f) {
    const int64_t width = embedding.width_of(static_cast<int64_t>(f));
    if (width == 0) continue;
    if (context.schema.fields[f].type == FieldType::numeric && context.options.numeric == "raw") {
      ++raw_;
      continue;
    }
    CTR_CHECK(width_ == 0 || width_ == width,
              "layer norm of fields needs vectors of one width, got {} and {}; set --embedding-dim "
              "to the width of the given vectors",
              width_, width);
    width_ = width;
    const Scope own = scope / static_cast<int64_t>(gamma_.size());
    gamma_.push_back(&own.parameter("weight", {width}, Initializer::constant(1)));
    beta_.push_back(&own.parameter("bias", {width}, Initializer::zeros()));
  }
}

Var FieldNorm::operator()(const Var& flat) const {
  const auto fields = static_cast<int64_t>(gamma_.size());
  if (fields == 0) return flat;
  auto joined = [](const std::vector<const Parameter*>& parameters) {
    std::vector<Var> parts;
    parts.reserve(parameters.size());
    for (const Parameter* parameter : parameters) parts.emplace_back(*parameter);
    return concat(parts);  // [F D]
  };
  auto normal = [&](const Var& vectors) {
    return layer_norm(vectors, joined(gamma_), joined(beta_), 1e-5, fields);
  };
  if (raw_ == 0) return normal(flat);
  const int64_t sizes[] = {fields * width_, raw_};
  const std::vector<Var> parts = split(flat, sizes);
  return concat({normal(parts[0]), parts[1]});
}

}  // namespace ctr
