#pragma once

#include "models/layers/dropout_layer.h"
#include "models/layers/linear_layer.h"
#include "models/options/sequence_options.h"

namespace ctr {

// A post-norm transformer block (Vaswani et al., NeurIPS 2017; BST: Chen et al., DLP-KDD 2019):
//   s = LN(x + dropout(MHA(x)))        y = LN(s + dropout(W_2 leaky_relu(W_1 s + b_1) + b_2))
// with heads of width M / H and scores scaled by √(H / M). Place i sees the places that the mask
// keeps, and itself. Parameters: `attention/in/weight` [3M, M] (query, key, value; Xavier uniform
// over that shape), `attention/in/bias`, `attention/out/weight` (U(±1/√M)), `attention/out/bias`,
// `ffn/0`, `ffn/1`, and `norm1`, `norm2` where there are layer norms.
class TransformerBlock {
 public:
  // `dropout`: of the results of attention and feed-forward. Throws unless the heads divide M.
  TransformerBlock(const Scope& scope, int64_t width, double dropout, const BstOptions& options);
  // x [B, L, M], mask i64 [B, L] → [B, L, M]
  Var operator()(const Var& x, const Tensor& mask) const;

 private:
  struct Norm {
    const Parameter* gamma = nullptr;
    const Parameter* beta = nullptr;
  };
  Norm norm_of(const Scope& scope, bool wanted) const;
  Var attention(const Var& x, const Tensor& mask) const;
  // norm(x + dropout(change)), rows [B L, M]
  Var joined(const Var& x, const Var& change, const Norm& norm, uint64_t use) const;

  int64_t width_, heads_;
  DropoutLayer dropout_, attention_dropout_;
  bool causal_, residual_;
  const Parameter& in_weight_;
  const Parameter& in_bias_;
  const Parameter& out_weight_;
  const Parameter& out_bias_;
  LinearLayer ffn1_, ffn2_;
  Norm norm1_, norm2_;
};

}  // namespace ctr
