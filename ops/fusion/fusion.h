#pragma once
// Joining two vectors of a row in one number.

#include "autograd/tape.h"

namespace ctr {

// z_b = Σ_h x_bhᵀ W_h y_bh → [B, 1], where x_bh and y_bh are the H equal parts of rows b of x [B,
// N] and y [B, M], and W [H, N / H, M / H], or any shape of that count (Mao et al., FinalMLP, AAAI
// 2023, eq. 11). Throws where `heads` does not divide N and M.
Var multi_head_bilinear(const Var& x, const Var& y, const Var& w, int64_t heads);

}  // namespace ctr
