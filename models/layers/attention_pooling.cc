#include "models/layers/attention_pooling.h"

#include <algorithm>

#include "engine/check.h"
#include "engine/nearest.h"
#include "ops/pooling/pooling.h"

namespace ctr {
namespace {

// "gaussian_scalar" is gaussian.
AttentionKernel kernel_of(const std::string& kind) {
  return attention_kernel_called(kind.substr(0, kind.find('_')));
}

}  // namespace

const std::vector<std::string>& attention_pooling_kinds() {
  static const std::vector<std::string> kinds = {"gaussian", "gaussian_scalar", "gaussian_diagonal",
                                                 "boxcar",   "epanechnikov",    "unictr"};
  return kinds;
}

AttentionPooling::AttentionPooling(const Scope& scope, const std::string& kind, int64_t width)
    : kind_(kind) {
  const std::vector<std::string>& kinds = attention_pooling_kinds();
  CTR_CHECK(std::find(kinds.begin(), kinds.end(), kind) != kinds.end(),
            "attention pooling: there is no kind '{}'{}", kind, advice_on_name(kind, kinds));
  if (kind == "gaussian_scalar") w_ = &scope.parameter("w", {1}, Initializer::constant(1));
  if (kind == "gaussian_diagonal") w_ = &scope.parameter("w", {width}, Initializer::constant(1));
  if (kind != "unictr") return;
  weight_ = &scope.parameter("weight", {width, width}, Initializer::xavier_normal(width, width));
  bias_ = &scope.parameter("bias", {width}, Initializer::zeros());
  query_ = &scope.parameter("query", {width}, Initializer::normal(1));
}

Var AttentionPooling::operator()(const Var& query, const Var& x, const Tensor& mask) const {
  if (!takes_query()) return query_attention_pooling(x, *weight_, *bias_, *query_, mask);
  CTR_CHECK(query.defined(), "attention pooling: kind '{}' needs a query", kind_);
  return kernel_attention_pooling(query, x, x, mask, kernel_of(kind_),
                                  w_ != nullptr ? Var(*w_) : Var());
}

}  // namespace ctr
