#pragma once
// Logarithms of vectors of either sign.

#include "autograd/tape.h"

namespace ctr {

// y = log max(|x|, floor) for floor > 0 (Cheng, Shen, Huang: AFN, AAAI 2020, section 3.2). The
// gradient is 1 / x where |x| ≥ floor and 0 elsewhere.
Var log_magnitude(const Var& x, double floor);

}  // namespace ctr
