#pragma once

#include <string>

#include "engine/rng.h"
#include "engine/tensor.h"

namespace ctr {

// A target for each row that was not chosen, by its id in [first, end):
//   uniform   any but the row's own
//   lambda    more popular ones more often: P(id) ∝ e^{−(r + 1) / (ρ n)}, r = id − first, n = end −
//             first; may be the row's own (LambdaFM's static sampler: Yuan et al., CIKM 2016). Fits
//             ids in the order of falling counts.
class TargetSampler {
 public:
  // Throws unless there are two targets.
  TargetSampler(const std::string& kind, int64_t first, int64_t end, double rho);
  // chosen i64 [N] → i64 [N], by the place of the row.
  Tensor draw(const RandomStream& random, const Tensor& chosen) const;

 private:
  bool lambda_;
  int64_t first_, count_;
  double rho_;
};

}  // namespace ctr
