#pragma once

#include <string>

#include "autograd/tape.h"

namespace ctr {

// Outer products of pairs as one number each (Qu et al., PNN, ICDM 2016), K = `weight`:
//   mat   p_n = v_jᵀ K_n v_i          [D, P, D]: K[right, n, left]
//   vec   p_n = Σ_d K_nd v_id v_jd    [P, D]
//   num   p_n = K_n <v_i, v_j>        [P, 1]
// and, as in the paper, superposed: p = s sᵀ with s = Σ_f v_f, without a weight of its own.
class OuterProducts {
 public:
  OuterProducts(const Scope& scope, const std::string& kernel, int64_t fields, int64_t width);

  // v [B, F, D] → [B, width()]
  Var operator()(const Var& v) const;
  int64_t width() const { return width_; }

 private:
  std::string kernel_;
  int64_t width_;
  const Parameter* weight_ = nullptr;  // null: superposed
};

}  // namespace ctr
