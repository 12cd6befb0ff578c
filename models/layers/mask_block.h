#pragma once

#include <memory>

#include "models/layers/dropout_layer.h"
#include "models/tower.h"

namespace ctr {

// An instance-guided mask on a hidden layer (Wang et al., MaskNet, DLP-KDD 2021, eq. 4–7):
//   mask = W_2 relu(W_1 v + c_1) + c_2        y = dropout(activation(LN(W_3 (mask ⊙ x))))
// v are the batch's embeddings, whatever x is. Parameters: `mask/0`, `mask/head`, `weight`
// [out, width of x], and `norm/weight`, `norm/bias` [out] where the block has a layer norm.
class MaskBlock {
 public:
  // `in`: width of v; `width`: of x. Throws where the mask's hidden layer would have no unit.
  MaskBlock(const Scope& scope, const ModelContext& context, const Tower& tower, int64_t in,
            int64_t width, int64_t out);
  // v [B, in], x [B, width] → [B, out]
  Var operator()(const Var& v, const Var& x, const Batch& batch) const;

 private:
  DropoutLayer dropout_;
  std::unique_ptr<Mlp> mask_;
  const Parameter& weight_;
  const Parameter* gamma_ = nullptr;
  const Parameter* beta_ = nullptr;
  ActivationLayer activation_;
};

}  // namespace ctr
