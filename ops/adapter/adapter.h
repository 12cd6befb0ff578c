#pragma once

#include "autograd/tape.h"

namespace ctr {

// A bottleneck row by row: y = [x +] W_up gelu(W_down x + b_down) + b_up, gelu by tanh, the x where
// there is a skip (adapters: Houlsby et al., ICML 2019; PeterRec's model patch: Yuan et al., SIGIR
// 2020). x [.., D], W_down [k, D], b_down [k], W_up [D, k], b_up [D] → x's shape. The rows go
// through all of it a few hundred at a time, while they are in the cache: the same numbers as two
// linear layers, an activation and a sum within rounding, and the same bits for any number of
// threads.
struct AdapterWeights {
  Var down_weight, down_bias, up_weight, up_bias;
};
Var adapter(const Var& x, const AdapterWeights& weights, bool skip);

}  // namespace ctr
