#pragma once

#include <memory>

#include "models/tower.h"

namespace ctr {

// FinalMLP's feature selection (Mao et al., AAAI 2023, eq. 6–7): v ⊙ 2 σ(MLP(c)). The context c is
// the embedding of some fields in tables of its own, `<name>/embedding/<field>`; without fields it
// is the parameter `<name>/context` [1, D], and the gate, the same for all rows, is computed once.
// Begun at zero such a context and the hidden layers never get a gradient: every ReLU stands at its
// kink. The MLP's parameters are `<name>/<l>` and `<name>/head`.
class FeatureGate {
 public:
  FeatureGate(const Scope& scope, const std::string& name, const ModelContext& context,
              const Tower& tower, const NameList& fields);
  // v [B, F D] → the same shape.
  Var operator()(const Var& v, const Batch& batch) const;

 private:
  std::unique_ptr<Embedding> embedding_;  // null: no fields
  const Parameter* context_ = nullptr;
  std::unique_ptr<Mlp> mlp_;
};

}  // namespace ctr
