#include "models/layers/patch.h"

#include <algorithm>

#include "engine/check.h"
#include "ops/adapter/adapter.h"
#include "ops/elementwise/elementwise.h"

namespace ctr {

int64_t Patch::bottleneck(int64_t width, const PeterOptions& options) {
  if (options.bottleneck > 0) return options.bottleneck;
  return std::max<int64_t>(1, width / (8 * options.cardinality));
}

Patch::Patch(const Scope& scope, int64_t width, const PeterOptions& options)
    : skip_(options.inner_skip) {
  const int64_t inner = bottleneck(width, options);
  CTR_CHECK(inner <= width,
            "peterrec: a bottleneck of {} is wider than the network's {}; set --peter-bottleneck",
            inner, width);
  const Initializer small = Initializer::truncated_normal(0.02);
  const Initializer up = options.zero_up ? Initializer::zeros() : small;
  for (int64_t i = 0; i < options.cardinality; ++i) {
    const Scope below = scope / "down" / i, above = scope / "up" / i;
    branches_.push_back({below.parameter("weight", {inner, width}, small),
                         below.parameter("bias", {inner}, Initializer::zeros()),
                         above.parameter("weight", {width, inner}, up),
                         above.parameter("bias", {width}, Initializer::zeros())});
  }
}

Var Patch::operator()(const Var& x) const {
  Var y;
  for (const Branch& branch : branches_) {
    const AdapterWeights weights{branch.down_weight, branch.down_bias, branch.up_weight,
                                 branch.up_bias};
    y = y.defined() ? y + adapter(x, weights, false) : adapter(x, weights, skip_);
  }
  return y;
}

}  // namespace ctr
