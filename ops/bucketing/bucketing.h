#pragma once
// Numbers as ids.

#include "engine/tensor.h"

namespace ctr {

// The rule of Criteo's winners: v = floor(ln(x)²) for x > 2, else x without its fraction; so equal
// steps of √v are equal ratios of x. Row v for v = 0 … rows − 1, the last one for all above; then
// rows of their own for v = −1 … −negative_rows, the last one for all below (with none, negatives
// share row 0). x f32 or f64 [N] → i64 [N] in [0, rows + negative_rows). Throws where a number is
// none (NaN).
Tensor log_square_buckets(const Tensor& x, int64_t rows, int64_t negative_rows);

}  // namespace ctr
