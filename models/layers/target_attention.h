#pragma once

#include "models/layers/sequence_groups.h"
#include "models/tower.h"

namespace ctr {

// DIN's attention of a target q over its history k (Zhou et al., KDD 2018, eq. 3):
//   a_t = MLP([q, k_t, q − k_t, q ⊙ k_t])        y = Σ_t a_t k_t
// over the places that hold an id; with softmax the a_t of a row sum to one. The MLP (Dice: its
// statistics pool all B T places, those of padding too) has its parameters below the scope as `<l>`
// and `head`.
class TargetAttention {
 public:
  TargetAttention(const Scope& scope, const ModelContext& context, const Tower& tower,
                  int64_t width);
  // → [B, E]
  Var operator()(const SequenceBatch& batch) const;

 private:
  bool softmax_;
  Activation output_;
  std::unique_ptr<Mlp> mlp_;
};

}  // namespace ctr
