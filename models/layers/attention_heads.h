#pragma once

#include "engine/check.h"
#include "ops/shaping/shaping.h"

namespace ctr {

// The columns of each place, cut into those of H heads, and put together again (Vaswani et al.,
// NeurIPS 2017), for `rows` sequences of L places.
// [rows L, D] → [rows H, L, D/H]; H must divide D.
inline Var split_heads(const Var& x, int64_t rows, int64_t heads) {
  const int64_t length = x.dim(0) / rows, width = x.dim(1) / heads;
  CTR_ASSERT(rows * length == x.dim(0) && heads * width == x.dim(1));
  return reshape(swap_middle(reshape(x, {rows, length, heads, width})),
                 {rows * heads, length, width});
}
// [rows H, L, D/H] → [rows L, D]
inline Var join_heads(const Var& x, int64_t rows) {
  const int64_t heads = x.dim(0) / rows, length = x.dim(1), width = x.dim(2);
  return reshape(swap_middle(reshape(x, {rows, heads, length, width})),
                 {rows * length, heads * width});
}

}  // namespace ctr
