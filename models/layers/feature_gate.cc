#include "models/layers/feature_gate.h"

#include <algorithm>

#include "ops/activation/activation.h"
#include "ops/elementwise/elementwise.h"
#include "ops/shaping/shaping.h"

namespace ctr {

namespace {

// Of trained vectors, or of the widest that there are.
int64_t vector_width(const ModelContext& context, const Embedding& embedding) {
  if (context.options.embedding_dim > 0) return context.options.embedding_dim;
  int64_t widest = 0;
  for (size_t f = 0; f < context.schema.fields.size(); ++f)
    widest = std::max(widest, embedding.width_of(static_cast<int64_t>(f)));
  return widest;
}

}  // namespace

FeatureGate::FeatureGate(const Scope& scope, const std::string& name, const ModelContext& context,
                         const Tower& tower, const NameList& fields) {
  const FinalMlpOptions& own = context.options.finalmlp;
  MlpOptions shape = mlp_options(context.options);
  shape.name = name;
  shape.head = name + "/head";
  shape.units = own.gate_units;
  shape.out = tower.embedding().width();
  shape.activation = "relu";
  shape.batch_norm = false;
  shape.dropout = 0;
  int64_t width = vector_width(context, tower.embedding());
  if (fields.empty()) {
    context_ = &(scope / name)
                    .parameter("context", {1, width}, Initializer::normal(own.context_deviation));
    shape.linear = "plain";  // one gate for all rows, whatever their conditions
  } else {
    std::vector<int64_t> indices;
    indices.reserve(fields.size());
    for (const std::string& field : fields) indices.push_back(context.schema.index_of(field));
    embedding_ = std::make_unique<Embedding>(scope / name, context, indices);
    width = embedding_->width();
  }
  mlp_ = std::make_unique<Mlp>(tower.mlp(width, shape));
}

Var FeatureGate::operator()(const Var& v, const Batch& batch) const {
  if (embedding_) {
    Var gate = sigmoid((*mlp_)(embedding_->flat(batch), batch));  // [B, F D]
    return v * scale(gate, 2);
  }
  Var gate = sigmoid((*mlp_)(Var(*context_)));  // [1, F D]
  return v * scale(reshape(gate, {v.dim(1)}), 2);
}

}  // namespace ctr
