#pragma once
// Embeddings made of two small tables.

#include "autograd/tape.h"
#include "ops/gather/gather.h"

namespace ctr {

// How a quotient's and a remainder's row make one vector.
enum class Composition : uint8_t { multiply, add, concat };

// y[i] = Q[ids[i] div c] ∘ R[ids[i] mod c], c the rows of R, ∘ their product element by element,
// their sum, or both side by side (Shi, Mudigere, Naumov, Yang: Compositional embeddings using
// complementary partitions, KDD 2020, section 3). Every id in [0, c · rows of Q) has a pair of rows
// of its own. Q [⌈n / c⌉, D], R [c, D], ids i64 [N] → [N, D], or [N, 2 D] side by side. An id equal
// to `padding` reads zeros and sends no gradient. Throws when an id lies outside.
Var quotient_remainder(const Var& quotient, const Var& remainder, const Tensor& ids,
                       Composition composition, int64_t padding = kNoPadding);

}  // namespace ctr
