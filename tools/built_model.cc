#include "tools/built_model.h"

#include <algorithm>

#include "engine/check.h"

namespace ctr {

BuiltModel::BuiltModel(const ModelInfo& info, const Dataset& data, const ModelOptions& options,
                       DType dtype, uint64_t seed)
    : BuiltModel(info, data.schema, data.vectors, options, dtype, seed) {}

BuiltModel::BuiltModel(const ModelInfo& info, const Schema& schema, const GivenVectors& vectors,
                       const ModelOptions& options, DType dtype, uint64_t seed)
    : store_(dtype, seed) {
  model_ = info.make(Scope(store_), {schema, vectors, options});
  another_ = [&info, schema, vectors, options, dtype](uint64_t other) {
    return std::make_unique<BuiltModel>(info, schema, vectors, options, dtype, other);
  };
}

std::map<std::string, Tensor> BuiltModel::weights() const {
  store_.catch_up();
  std::map<std::string, Tensor> result;
  for (const auto& parameter : store_.all()) {
    if (!parameter->given || model_->counts()) result[parameter->name] = parameter->value;
  }
  return result;
}

void BuiltModel::load(const std::map<std::string, Tensor>& weights, const std::string& where) {
  load_weights(weights, store_, where);
}

void load_weights(const std::map<std::string, Tensor>& weights, ParameterStore& store,
                  const std::string& where) {
  store.catch_up();  // so that nothing is added to what comes now
  for (const auto& parameter : store.all()) {
    auto found = weights.find(parameter->name);
    if (found == weights.end() && parameter->given) continue;
    CTR_CHECK_DATA(found != weights.end(), "{}: there is no tensor '{}'", where, parameter->name);
    const Tensor& value = found->second;
    CTR_CHECK_DATA(value.shape() == parameter->value.shape(), "{}: '{}' is {}, the model needs {}",
                   where, parameter->name, value.shape(), parameter->value.shape());
    const Tensor converted = value.cast(parameter->value.dtype());
    std::copy_n(static_cast<const char*>(converted.raw()), converted.bytes(),
                static_cast<char*>(parameter->value.raw()));
  }
  for (const auto& [name, tensor] : weights)
    CTR_CHECK_DATA(store.find(name) != nullptr, "{}: the model has no '{}'", where, name);
  ++store.mode().weights_version;
}

}  // namespace ctr
