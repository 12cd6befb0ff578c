#pragma once
// Reductions over one axis, which goes away: x [.., n, ..] → [.., ..]. A negative axis counts from
// the end.

#include "autograd/tape.h"

namespace ctr {

Var sum(const Var& x, int axis);
Var mean(const Var& x, int axis);
// The gradient goes to the first of equal maxima. The axis must not be empty.
Var max(const Var& x, int axis);

}  // namespace ctr
