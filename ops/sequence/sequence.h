#pragma once
// Operators of models that read sequences, padded to T places: [B, T, D].

#include "autograd/tape.h"
#include "ops/gather/gather.h"

namespace ctr {

// Where the ids of each row stand in a list of ids, as in gather_bag: offsets i64 [B]. Rows begin
// at place 0; of a row of more than `length` ids the last ones are kept.
struct SequenceIds {
  Tensor ids;      // i64 [total]
  Tensor offsets;  // i64 [B]
  int64_t length;  // T
  int64_t padding = kNoPadding;
};

// y[b, t] = table[the row's t-th id] → [B, T, D]; zeros behind the row's end and where the id
// equals `padding`, which send no gradient and need not be a row.
Var gather_sequence(const Var& table, const SequenceIds& of);

// 1 where gather_sequence reads a row, else 0: i64 [B, T].
Tensor sequence_mask(const SequenceIds& of);
// Ids of the longest row.
int64_t longest_row(const Tensor& ids, const Tensor& offsets);

// What DIN's attention looks at: y[b, t] = [q_b, k_bt, q_b − k_bt, q_b ⊙ k_bt] for q [B, E], k
// [B, T, E] → [B T, 4 E] (Zhou et al., KDD 2018, fig. 2, and its implementations).
Var target_features(const Var& q, const Var& k);

// y[b, h, i] = softmax over j of scale · x[b, h, i, j], over the j whose mask[b, j] is not 0 and
// j = i itself; with `causal` over j ≤ i alone. x [B H, L, L], mask i64 [B, L] → x's shape. Every
// place sees at least itself.
Var attention_softmax(const Var& x, const Tensor& mask, int64_t heads, bool causal, double scale);

}  // namespace ctr
