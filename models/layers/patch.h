#pragma once

#include <optional>
#include <vector>

#include "autograd/tape.h"
#include "engine/activation.h"
#include "models/options/peter_options.h"

namespace ctr {

// PeterRec's model patch (Yuan et al., SIGIR 2020): c branches of a bottleneck of width k, place by
// place,
//   MP(x) = x + Σ_i W_up,i gelu(W_down,i x + b_down,i) + b_up,i
// without the x where there is no inner skip. Parameters `down/<i>`, `up/<i>`, `weight` (out, in)
// and `bias` each. W_down is N(0, 0.02²) within two deviations; W_up too, or zero: then a patch
// begins as its skip alone.
class Patch {
 public:
  // `width`: of x, D. Throws unless 1 ≤ k ≤ D.
  Patch(const Scope& scope, int64_t width, const PeterOptions& options);
  // x [B, T, D] → its shape
  Var operator()(const Var& x) const;
  // The same by the linear layers and sums of `way`, x a value of its kind (PlacePlan).
  template <class Way, class V>
  V run(Way& way, const V& x) const {
    std::optional<V> sum;
    if (skip_) sum = x;
    for (const Branch& branch : branches_) {
      const V a = way.linear(x, branch.down_weight, branch.down_bias, Activation::gelu_tanh);
      const V change = way.linear(a, branch.up_weight, branch.up_bias, Activation::identity);
      sum = sum ? way.sum(*sum, change) : change;
    }
    return *sum;
  }

  // k: an eighth of the width, divided among the branches, where the options say nothing.
  static int64_t bottleneck(int64_t width, const PeterOptions& options);

 private:
  struct Branch {
    const Parameter& down_weight;
    const Parameter& down_bias;
    const Parameter& up_weight;
    const Parameter& up_bias;
  };
  std::vector<Branch> branches_;
  bool skip_;
};

}  // namespace ctr
