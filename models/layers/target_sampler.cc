#include "models/layers/target_sampler.h"

#include <algorithm>
#include <cmath>

#include "engine/check.h"

namespace ctr {

TargetSampler::TargetSampler(const std::string& kind, int64_t first, int64_t end, double rho)
    : lambda_(kind == "lambda"), first_(first), count_(end - first), rho_(rho) {
  CTR_CHECK(count_ > 1, "targets: one target has no other beside it");
}

Tensor TargetSampler::draw(const RandomStream& random, const Tensor& chosen) const {
  Tensor result(chosen.shape(), DType::i64);
  // The exponential distribution over ranks, cut off at n.
  const double rate = 1 / (rho_ * static_cast<double>(count_));
  const double within = -std::expm1(-rate * static_cast<double>(count_));
  for (int64_t i = 0; i < chosen.count(); ++i) {
    const auto element = static_cast<uint64_t>(i);
    if (lambda_) {
      const double rank = std::floor(-std::log1p(-within * random.uniform(element)) / rate);
      result.data<int64_t>()[i] = first_ + std::min(count_ - 1, static_cast<int64_t>(rank));
      continue;
    }
    const auto other =
        static_cast<int64_t>(random.below(static_cast<uint64_t>(count_ - 1), element));
    result.data<int64_t>()[i] =
        first_ + other + (first_ + other >= chosen.data<int64_t>()[i] ? 1 : 0);
  }
  return result;
}

}  // namespace ctr
