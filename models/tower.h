#pragma once

#include "models/layers/condition.h"
#include "models/layers/embedding.h"
#include "models/layers/mlp.h"

namespace ctr {

// What most models stand on: embeddings of the fields, and MLPs over them whose layers are plain,
// APG's or MLoRA's, as the options say.
class Tower {
 public:
  Tower(const Scope& scope, const ModelContext& context);

  const Embedding& embedding() const { return *embedding_; }
  // The MLP of --hidden-units → [B, 1]: parameters `mlp/…` and `head/…`.
  Mlp mlp(int64_t in) const;
  // Another one; begin with mlp_options(context.options). It must not outlive the tower.
  Mlp mlp(int64_t in, const MlpOptions& shape) const;

 private:
  Scope scope_;
  ModelOptions options_;
  int64_t domains_;
  std::unique_ptr<Embedding> embedding_;
  std::unique_ptr<Condition> condition_;
  std::unique_ptr<DomainGate> gate_;
};

}  // namespace ctr
