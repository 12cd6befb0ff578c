#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "io/dataset.h"
#include "models/model.h"
#include "tools/domain_weights.h"

namespace ctr {

// A model with its parameters.
class BuiltModel {
 public:
  BuiltModel(const ModelInfo& info, const Dataset& data, const ModelOptions& options, DType dtype,
             uint64_t seed);
  BuiltModel(const ModelInfo& info, const Schema& schema, const GivenVectors& vectors,
             const ModelOptions& options, DType dtype, uint64_t seed);

  ParameterStore& store() { return store_; }
  Model& model() { return *model_; }
  const Model& model() const { return *model_; }

  // The tensors that a run keeps, shared with the model: all but those that came with the data, or
  // all parameters of a model that counts.
  std::map<std::string, Tensor> weights() const;
  // Copies such tensors into the parameters, in place: a model may hold them. Throws kind data,
  // its message beginning with `where`, when names or shapes are not the model's.
  void load(const std::map<std::string, Tensor>& weights, const std::string& where);
  // The same model with the initial weights of another seed.
  std::unique_ptr<BuiltModel> with_seed(uint64_t seed) const { return another_(seed); }

  // Weights that score rows of each domain (tools/scores.h); null: weights() score all.
  void set_domain_weights(std::shared_ptr<DomainWeights> weights) {
    domain_weights_ = std::move(weights);
  }
  DomainWeights* domain_weights() const { return domain_weights_.get(); }

 private:
  ParameterStore store_;
  std::unique_ptr<Model> model_;
  std::function<std::unique_ptr<BuiltModel>(uint64_t seed)> another_;
  std::shared_ptr<DomainWeights> domain_weights_;
};

// The same for parameters without a model around them. Those that came with the data
// may be missing.
void load_weights(const std::map<std::string, Tensor>& weights, ParameterStore& store,
                  const std::string& where);

}  // namespace ctr
