#pragma once
// Convolutions over the places of a sequence.

#include "autograd/tape.h"

namespace ctr {

struct Conv1dOptions {
  int64_t dilation = 1;  // D, places between taps
  bool causal = true;
  int64_t skipped = 0;  // S: causal only, at most (K − 1) D
};

// y[b, t, o] = bias[o] + Σ_j Σ_c w[o, c, j] x[b, t − s_j, c], zeros outside the sequence: x [B, T,
// I], w [O, I, K], bias [O] or undefined → [B, T − S, O], without the first S places. Causal: s_j =
// (K − 1 − j) D, place t sees itself by tap K − 1 and earlier places by the others; else s_j = ((K
// − 1) / 2 − j) D, K odd (WaveNet: van den Oord et al., 2016; NextItNet: Yuan et al., WSDM 2019).
Var conv1d(const Var& x, const Var& weight, const Var& bias, const Conv1dOptions& options = {});

}  // namespace ctr
