#pragma once
// Element-wise operators.

#include "autograd/tape.h"
#include "engine/rng.h"

namespace ctr {

// y = a + b. b has a's shape, or its last axes (a bias): then b is repeated along the first axes of
// a.
Var add(const Var& a, const Var& b);
inline Var operator+(const Var& a, const Var& b) { return add(a, b); }

// y = a b, element by element; shapes as in add.
Var multiply(const Var& a, const Var& b);
inline Var operator*(const Var& a, const Var& b) { return multiply(a, b); }

// y = factor x
Var scale(const Var& x, double factor);

// Each vector along the last axis by its own number: y[…, k] = s[…] x[…, k] for x [.., W] and s
// [..] or [.., 1]. Gates of fields or experts.
Var scale_rows(const Var& x, const Var& s);

// y = x / (1 − rate) where kept, 0 where dropped, each element with probability `rate` in [0, 1)
// (Srivastava et al., JMLR 2014, inverted). The numbers of `stream` decide. Rate 0 returns x.
Var dropout(const Var& x, double rate, const RandomStream& stream);

// Sums over the first axis of x seen as [count / cols, cols].
Tensor column_sum(const Tensor& x, int64_t cols);

}  // namespace ctr
