#pragma once

#include "models/layers/condition.h"
#include "models/layers/embedding.h"
#include "models/layers/mlp.h"

namespace ctr {

// Embeddings and an MLP over them whose layers may be APG's: what mlp, deepfm and apg share.
class Tower {
 public:
  Tower(const Scope& scope, const ModelContext& context);

  const Embedding& embedding() const { return embedding_; }
  // MLP(x; z) for x [B, width of the embeddings] → [B, 1].
  Var deep(const Var& x, const Batch& batch) const;

 private:
  Embedding embedding_;
  std::unique_ptr<Condition> condition_;
  std::unique_ptr<Mlp> mlp_;
};

}  // namespace ctr
