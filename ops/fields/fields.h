#pragma once
// Operators over the field axis of embeddings v [B, F, D].

#include "autograd/tape.h"

namespace ctr {

// y = Σ_{i<j} <v_i, v_j> = ½ Σ_d ((Σ_f v_fd)² − Σ_f v_fd²) → [B, 1] (Rendle, Factorization
// Machines, ICDM 2010, eq. 1).
Var fm_second_order(const Var& v);

}  // namespace ctr
