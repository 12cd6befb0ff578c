#pragma once

#include "models/layers/sequence_groups.h"
#include "models/layers/transformer_block.h"

namespace ctr {

// BST's reading of one group (Chen et al., DLP-KDD 2019): the history and, last, the target, each
// place beside a trained vector of its position (`positions` [T + 1, D], sinusoids at first),
// through transformer blocks `<l>`, and pooled:
//   mean, sum   over the places that hold an id, and the target
//   target      the last place
//   concat      all places side by side
class BehaviorTransformer {
 public:
  // `width`: E of the group, `position_width`: D, `places`: T + 1, `dropout`: as TransformerBlock.
  BehaviorTransformer(const Scope& scope, int64_t width, int64_t position_width, int64_t places,
                      double dropout, const BstOptions& options);
  // → [B, out()]
  Var operator()(const SequenceBatch& batch) const;
  int64_t out() const { return pooling_ == "concat" ? places_ * width_ : width_; }

 private:
  Var pooled(const Var& x, const Tensor& mask) const;

  int64_t places_, width_;
  std::string pooling_;
  const Parameter* positions_ = nullptr;
  std::vector<std::unique_ptr<TransformerBlock>> blocks_;
};

}  // namespace ctr
