#pragma once
// Operators that move elements without arithmetic.

#include <span>
#include <vector>

#include "autograd/tape.h"

namespace ctr {

// Joins parts along `axis` (negative: from the end); their other axes must agree.
Var concat(std::span<const Var> parts, int axis = -1);
inline Var concat(std::initializer_list<Var> parts, int axis = -1) {
  return concat(std::span<const Var>(parts.begin(), parts.size()), axis);
}

// Cuts x along `axis` into pieces of the given sizes, which must sum up to that axis.
std::vector<Var> split(const Var& x, std::span<const int64_t> sizes, int axis = -1);

// The last `count` along `axis`.
Var tail(const Var& x, int64_t count, int axis);

// The middle axes change places: [A, B, C, D] → [A, C, B, D].
Var swap_middle(const Var& x);

// The same elements under another shape of the same count; no copy.
Var reshape(const Var& x, const Shape& shape);
// [B, …] as [B, the rest].
Var flatten(const Var& x);

}  // namespace ctr
