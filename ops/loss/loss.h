#pragma once
// Losses from logits, in their stable forms.

#include "autograd/tape.h"

namespace ctr {

// Mean binary cross-entropy of logits x against labels t in [0, 1]: mean of log(1 + e^x) − x t, in
// the stable form max(x, 0) + log(1 + e^−|x|) − x t → [1]. x and label hold the same number of
// elements, at least one.
Var bce_with_logits(const Var& x, const Tensor& label);

// Mean binary cross-entropy of the product q = σ(a) σ(b) of two probabilities against labels t in
// [0, 1]: mean of −t log q − (1 − t) log(1 − q) → [1], with log q = −log(1 + e^−a) − log(1 + e^−b)
// and log(1 − q) = log(e^−a + e^−b + e^−(a+b)) + log q where q is large. ESMM's second loss (Ma et
// al., SIGIR 2018): a of a click, b of a conversion after it. a, b and label hold the same number
// of elements, at least one.
Var bce_of_product(const Var& a, const Var& b, const Tensor& label);

inline constexpr int64_t kNoIgnored = -1;

// Mean over the rows of −log softmax(x)[target]: x [N, V], target i64 [N] in [0, V) → [1]. Rows
// whose target is `ignored` count neither in the sum nor in the mean; at least one must count.
Var softmax_cross_entropy(const Var& x, const Tensor& target, int64_t ignored = kNoIgnored);

}  // namespace ctr
