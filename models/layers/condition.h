#pragma once

#include <memory>
#include <vector>

#include "models/layers/embedding.h"
#include "ops/linear/row_groups.h"

namespace ctr {

// One condition of a batch's rows. Where many rows share it, z has a row per distinct condition.
struct BatchCondition {
  Var z;           // [B, D], or [groups, D]
  RowGroups rows;  // undefined: row b's condition is z[b]
};

// The condition z of APG: what a row's generated weights depend on.
//   self-wise   z = the layer's own input
//   group-wise  z = the embedding of one field (or several, side by side)
//   mix-wise    z_1 … z_c = embeddings of several fields; aggregated here (input side) or left to
//   the layer (output)
// Attention: z = Σ_j a_j z_j, a = softmax_j(query · tanh(W z_j + b)).
// When a batch has at most half as many distinct conditions as rows, z is computed for those alone.
class Condition {
 public:
  // `embedding`, the model's own tables, must outlive this object; it is read unless the options
  // ask for tables of the condition's own (parameters `condition/embedding/<field>`).
  Condition(const Scope& scope, const ModelContext& context, const Embedding& embedding);

  // None when self-wise.
  std::vector<BatchCondition> operator()(const Batch& batch) const;
  // Their widths; empty when self-wise.
  const std::vector<int64_t>& widths() const { return widths_; }

 private:
  Var aggregate(const std::vector<Var>& z) const;
  RowGroups distinct(const Batch& batch, std::span<const int64_t> fields) const;
  BatchCondition of_fields(const Batch& batch, std::span<const int64_t> fields) const;

  const Embedding* embedding_;
  bool distinct_;
  std::unique_ptr<Embedding> own_;
  std::string aggregation_;  // empty: none
  std::vector<int64_t> fields_;
  std::vector<int64_t> widths_;
  const Parameter* weight_ = nullptr;
  const Parameter* bias_ = nullptr;
  const Parameter* query_ = nullptr;
};

}  // namespace ctr
