#pragma once

#include <vector>

#include "models/layers/embedding.h"

namespace ctr {

// A layer norm of each field's vector with a γ and a β of the field's own (Wang et al., MaskNet,
// DLP-KDD 2021, eq. 3): parameters `<f>/weight`, `<f>/bias` [D] for the f-th vector. Raw numbers
// stay as they are.
class FieldNorm {
 public:
  // Throws where the vectors have several widths.
  FieldNorm(const Scope& scope, const ModelContext& context, const Embedding& embedding);
  // What Embedding::flat gave → the same shape.
  Var operator()(const Var& flat) const;

 private:
  int64_t width_ = 0;  // of a vector
  int64_t raw_ = 0;    // numbers behind the vectors
  std::vector<const Parameter*> gamma_, beta_;
};

}  // namespace ctr
