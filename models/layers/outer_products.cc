#include "models/layers/outer_products.h"

#include "engine/check.h"
#include "ops/elementwise/elementwise.h"
#include "ops/fields/pairs.h"
#include "ops/linear/linear.h"
#include "ops/reduce/reduce.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

// s sᵀ → [B, D D]
Var superposed(const Var& v) {
  const int64_t rows = v.dim(0), width = v.dim(2);
  Var s = sum(v, 1);  // [B, D]
  return flatten(batched_matmul(reshape(s, {rows, width, 1}), reshape(s, {rows, 1, width})));
}

}  // namespace

OuterProducts::OuterProducts(const Scope& scope, const std::string& kernel, int64_t fields,
                             int64_t width)
    : kernel_(kernel), width_(kernel == "superposed" ? width * width : pair_count(fields)) {
  const int64_t pairs = pair_count(fields);
  if (kernel == "mat") {  // Keras' fans of [D, P, D]: the first axis is a receptive field
    weight_ = &scope.parameter("weight", {width, pairs, width},
                               Initializer::xavier_uniform(pairs * width, width * width));
  } else if (kernel == "vec" || kernel == "num") {
    const int64_t cols = kernel == "vec" ? width : 1;
    weight_ = &scope.parameter("weight", {pairs, cols}, Initializer::xavier_uniform(pairs, cols));
  } else {
    CTR_ASSERT(kernel == "superposed");
  }
}

Var OuterProducts::operator()(const Var& v) const {
  if (weight_ == nullptr) return superposed(v);
  if (kernel_ == "mat") return pairwise_bilinear_inner(v, *weight_, PairLayout::right_pair_left);
  if (kernel_ == "vec") return pairwise_inner(v, *weight_);
  return pairwise_inner(v) * reshape(*weight_, {width_});
}

}  // namespace ctr
