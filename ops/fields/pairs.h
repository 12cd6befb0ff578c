#pragma once
// Operators over the pairs (i, j), i < j, of the F fields of v [B, F, D], in lexicographic order:
// (0, 1), (0, 2) … (F − 2, F − 1), P = F (F − 1) / 2 of them. `n` numbers the pair (i, j).

#include <span>

#include "autograd/tape.h"

namespace ctr {

inline int64_t pair_count(int64_t fields) { return fields * (fields - 1) / 2; }

// y_n = <v_i, v_j>; with w [P, D], y_n = Σ_d w_nd v_id v_jd → [B, P] (Qu et al., Product-based
// Neural Networks, ICDM 2016, inner product; the weighted form: Sun et al., FmFM, WWW 2021).
Var pairwise_inner(const Var& v, const Var& w = Var());

// One block of pairs of pairwise_hadamard: u and v are [B, F, D].
struct PairFactors {
  Var u, v;
};
// y_n = u_i ⊙ v_j, the parts one after another → [B, parts · P, D]. With u = v M, the bilinear
// interaction of FiBiNET (Huang et al., RecSys 2019, eq. 6 and 7, field-all and field-each).
Var pairwise_hadamard(std::span<const PairFactors> parts);

// One block of pairs of pairwise_bilinear: x [B, F, D], m [P, D, D].
struct PairBilinear {
  Var x, m;
};
// y_n = (x_i M_n) ⊙ x_j, the parts one after another → [B, parts · P, D] (FiBiNET, eq. 8,
// field-interaction).
Var pairwise_bilinear(std::span<const PairBilinear> parts);

// How the matrices of pairs lie in memory, M_n[left component, right component].
enum class PairLayout : uint8_t {
  pair_left_right,  // [P, D, D]: m[n, left, right]
  right_pair_left,  // [D, P, D]: m[right, n, left], DeepCTR's kernel of outer products
};
// y_n = x_i M_n x_jᵀ → [B, P] (FmFM, eq. 7; outer product of PNN, eq. 9 with a matrix per pair).
Var pairwise_bilinear_inner(const Var& x, const Var& m,
                            PairLayout layout = PairLayout::pair_left_right);

// Field-aware interactions: e [B, F, (F − 1) D] holds F − 1 vectors of each field, one for each
// other field in their order. y = Σ_{i<j} <e_i[j − 1], e_j[i]> → [B, 1] (Juan et al., Field-aware
// Factorization Machines, RecSys 2016, eq. 2).
Var field_aware_interaction(const Var& e);

}  // namespace ctr
