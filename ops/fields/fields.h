#pragma once
// Operators over the field axis of embeddings v [B, F, D].

#include "autograd/tape.h"

namespace ctr {

// y = Σ_{i<j} <v_i, v_j> = ½ Σ_d ((Σ_f v_fd)² − Σ_f v_fd²) → [B, 1] (Rendle, Factorization
// Machines, ICDM 2010, eq. 1).
Var fm_second_order(const Var& v);

// y = Σ_{i<j} v_i ⊙ v_j = ½ ((Σ_f v_f)² − Σ_f v_f²) → [B, D] (He and Chua, Neural Factorization
// Machines, SIGIR 2017, eq. 3 and 4).
Var bi_interaction(const Var& v);

// Each field by its own matrix: y_f = v_f W_f for v [B, F, D] and W [F, D, E] → [B, F, E].
Var field_matmul(const Var& v, const Var& w);

}  // namespace ctr
