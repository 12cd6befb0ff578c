#pragma once
// Cross-entropy over all items or a sample of them, from vectors and the items' table. The scores
// of a batch, rows × items, are never there at once. All items are scored a chunk at a time, the
// sum of exponentials runs along, and the backward pass scores them again. A sample is scored for a
// few hundred rows at a time, and while a tape records, the gradients are made of these scores at
// once.

#include "autograd/tape.h"

namespace ctr {

struct ItemLossOptions {
  int64_t ignored = 0;   // rows with this target do not count
  int64_t chunk = 4096;  // of all items, scored at once
};

// Mean over the rows that count of log Σ_v e^{z_v} − z_y, z_v = <h, W_v> + bias_v: h [N, D], W
// [V, D], bias [V] or undefined, target y i64 [N] in [0, V) → [1]. Without a row that counts it is
// 0. Rows that do not count cost nothing.
Var item_cross_entropy(const Var& h, const Var& table, const Var& bias, const Tensor& target,
                       const ItemLossOptions& options = {});

// Items that a batch's rows are told from.
struct ItemSample {
  Tensor ids;           // i64 [S]; repeats count as often as they stand here
  Tensor log_expected;  // f64 [S]: ln Q, Q the expected count of each in such a sample
  Tensor of_target;     // f64 [N]: ln Q of each row's target
};

// The same over the row's target and the sample: z_v = <h, W_v> + bias_v − ln Q(v). What of the
// sample equals the row's target is left out of that row (Jean et al., ACL 2015; as
// tf.nn.sampled_softmax_loss). W and bias get gradients of rows. With all-zero ln Q nothing is
// corrected.
Var sampled_cross_entropy(const Var& h, const Var& table, const Var& bias, const Tensor& target,
                          const ItemSample& sample, const ItemLossOptions& options = {});

}  // namespace ctr
