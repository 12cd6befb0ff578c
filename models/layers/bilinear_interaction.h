#pragma once

#include <string>

#include "autograd/tape.h"

namespace ctr {

// Bilinear interactions of all pairs, (x_i M) ⊙ x_j (Huang et al., FiBiNET, RecSys 2019, eq. 6 to
// 8). M is one matrix (`all`, [D, D]), one per left field (`each`, [F, D, D]) or one per pair
// (`interaction`, [P, D, D]): parameters `0/weight` and, for matrices of their own, `1/weight`.
class BilinearInteraction {
 public:
  // `shared`: both inputs by the same matrices.
  BilinearInteraction(const Scope& scope, const std::string& type, int64_t fields, int64_t width,
                      bool shared);
  // Pairs of the first [B, F, D], then those of the second → [B, 2 P, D].
  Var operator()(const Var& first, const Var& second) const;

 private:
  const Parameter& matrices(const Scope& scope, int64_t fields, int64_t width) const;
  Var by_left_field(const Var& x, const Parameter& m) const;

  std::string type_;
  const Parameter& first_;
  const Parameter& second_;
};

}  // namespace ctr
