#pragma once

#include "autograd/tape.h"

namespace ctr {

struct BprMaxOptions {
  double penalty = 0;    // λ
  double elu = 0;        // a; 0: scores as they are
  int64_t ignored = -1;  // rows with this target do not count
};

// BPR-max (Hidasi and Karatzoglou, CIKM 2018): mean over the rows that count of
//   −ln(Σ_j s_j σ(r_y − r_j) + 1e-24) + λ Σ_j s_j r_j²,   s = softmax of r over j
//   r_v = elu(<h, W_v> + bias_v), elu(x) = x where x > 0, else a (e^x − 1)
// over the sampled items j that are not the row's target y, ids i64 [S] of any kind, repeats
// counting as often: h [N, D], W [V, D], bias [V, 1] or undefined, y i64 [N] → [1]. The scores,
// N × S, are held several times for the backward pass. A row without any other item costs 24 ln 10.
Var bpr_max(const Var& h, const Var& table, const Var& bias, const Tensor& target,
            const Tensor& sample, const BprMaxOptions& options = {});

}  // namespace ctr
