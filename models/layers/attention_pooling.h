#pragma once

#include <string>
#include <vector>

#include "autograd/tape.h"

namespace ctr {

// Pools the places of a sequence by attention (ops/pooling):
//   gaussian, boxcar, epanechnikov   a kernel of the distance between a query and each place
//   gaussian_scalar                  the distance times w: parameter `w` [1] (ones)
//   gaussian_diagonal                each of its components times its own: `w` [D] (ones)
//   unictr                           softmax of query · tanh(W x_t + b): `weight` [D, D] (Xavier
//                                    normal), `bias` [D] (zeros), `query` [D] (standard normal)
class AttentionPooling {
 public:
  // `width`: D. Throws for kinds that attention_pooling_kinds() does not name.
  AttentionPooling(const Scope& scope, const std::string& kind, int64_t width);

  // Whether it is given a query, or learns its own.
  bool takes_query() const { return weight_ == nullptr; }
  // query [B, D], or undefined where it takes none, x [B, T, D], mask i64 [B, T], 0 for padding →
  // [B, D].
  Var operator()(const Var& query, const Var& x, const Tensor& mask) const;

 private:
  std::string kind_;
  const Parameter* w_ = nullptr;
  const Parameter* weight_ = nullptr;
  const Parameter* bias_ = nullptr;
  const Parameter* query_ = nullptr;
};

// For options.
const std::vector<std::string>& attention_pooling_kinds();

}  // namespace ctr
