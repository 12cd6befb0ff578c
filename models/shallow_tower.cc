#include "models/shallow_tower.h"

#include <algorithm>

#include "engine/check.h"
#include "engine/nearest.h"
#include "engine/rng.h"
#include "ops/elementwise/elementwise.h"

namespace ctr {
namespace {

// The fields as a data set of their own; the position's id 0 has a row that learns.
Schema schema_of(const Schema& all, const NameList& names) {
  Schema schema;
  schema.name = all.name;
  for (const std::string& name : names) {
    schema.fields.push_back(all.fields[static_cast<size_t>(all.index_of(name))]);
    schema.fields.back().input = true;
    schema.fields.back().shares.clear();
  }
  Field& position = schema.fields.front();
  CTR_CHECK(position.type == FieldType::categorical && position.padding,
            "shallow tower: '{}', the first of --shallow-fields, must be categorical with id 0 for "
            "a missing position; prepare it with padding",
            position.name);
  position.padding = false;
  return schema;
}

}  // namespace

ShallowTower::ShallowTower(const Scope& scope, const ModelContext& context,
                           const std::vector<std::string>& tasks)
    : scope_(scope), options_(context.options.task.shallow), towers_(tasks.size()) {
  const Scope tables = scope / "shallow_embedding";
  stream_ = stream_of(tables.path());
  const Schema schema = schema_of(context.schema, options_.fields);
  for (const std::string& name : options_.fields) fields_.push_back(context.schema.index_of(name));
  ModelOptions own = context.options;
  own.embedding_dim = options_.embedding_dim;
  own.embedding = {};
  embedding_ = std::make_unique<Embedding>(scope, ModelContext{schema, context.vectors, own},
                                           input_fields(schema), "shallow_embedding");
  MlpOptions shape;
  shape.units = options_.hidden_units;
  shape.activation = context.options.activation;
  for (const std::string& name : options_.tasks) {
    CTR_CHECK(std::find(tasks.begin(), tasks.end(), name) != tasks.end(),
              "shallow tower: there is no task '{}'{}", name, advice_on_name(name, tasks));
  }
  for (size_t t = 0; t < tasks.size(); ++t) {
    const NameList& chosen = options_.tasks;
    if (!chosen.empty() && std::find(chosen.begin(), chosen.end(), tasks[t]) == chosen.end())
      continue;
    shape.name = "shallow_tower/" + std::to_string(t);
    shape.head = "shallow_head/" + std::to_string(t);
    towers_[t] = std::make_unique<Mlp>(scope, embedding_->width(), shape);
  }
}

Tensor ShallowTower::positions(const Tensor& given) const {
  const Mode& mode = scope_.mode();
  if (mode.training ? options_.drop == 0 : options_.serve == "given") return given;
  Tensor ids = Tensor::zeros(given.shape(), DType::i64);
  if (!mode.training) return ids;
  const RandomStream random{mode.seed, stream_, mode.step};
  for (int64_t b = 0; b < ids.count(); ++b) {
    const bool drop = random.uniform(static_cast<uint64_t>(b)) < options_.drop;
    if (!drop) ids.data<int64_t>()[b] = given.data<int64_t>()[b];
  }
  return ids;
}

void ShallowTower::add_to(std::vector<Var>& z, const Batch& batch) const {
  Batch own;
  own.rows = batch.rows;
  for (const int64_t f : fields_) own.fields.push_back(batch.fields[static_cast<size_t>(f)]);
  own.fields[0].ids = positions(own.fields[0].ids);
  const Var v = embedding_->flat(own);  // [v_position, v_2 …]    [B, F k]
  for (size_t t = 0; t < z.size(); ++t) {
    if (towers_[t]) z[t] = z[t] + (*towers_[t])(v);
  }
}

}  // namespace ctr
