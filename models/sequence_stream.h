#pragma once
// Sequences that grow item by item, of many users at once: what a model tells of them costs one
// place for each item, not the whole row anew. Model::stream() makes one.

#include <cstdint>
#include <span>

#include "autograd/tape.h"
#include "models/item_ranking.h"

namespace ctr {

// Scores z_v = <f, W_v> + c_v: W [V, D], c [V, 1] or null. Ids below `first_item` stand for no
// item.
struct ItemScores {
  const Parameter* weight = nullptr;
  const Parameter* bias = nullptr;
  int64_t first_item = 1;
};

// In calls a user is a number from 0, named once; f [N, D] is a row for each user named. Before its
// first item a user's sequence is empty: outside it are zeros, as in a batch whose rows have no
// padding. A row of a batch of T places begins with T − n places of id 0, which has a vector like
// any other: begin(users, T − n) and n items are that row. What came more than T places ago such a
// row leaves out; a stream keeps it.
//
// Weights are those of now, what came before was read with those of its time: after training,
// begin() anew. Nothing is put on a tape. Errors: users or items that there are not, a user named
// twice, numbers that do not fit. The model must outlive its streams. One thread at a time.
class SequenceStream {
 public:
  virtual ~SequenceStream() = default;

  // Empty sequences, then `pads` places of id 0.
  virtual void begin(std::span<const int64_t> users, int64_t pads = 0) = 0;
  // The next item of each of these users.
  virtual void push(std::span<const int64_t> users, std::span<const int64_t> items) = 0;
  // What the model makes of their sequences, f [N, D]. Changes nothing.
  virtual Tensor vectors(std::span<const int64_t> users) = 0;

  // Scores of the candidates i64 [C] for each user, [N, C].
  Tensor scores(std::span<const int64_t> users, std::span<const int64_t> candidates);
  // The n best of all items.
  TopItems top(std::span<const int64_t> users, int64_t n);

 protected:
  explicit SequenceStream(const ItemScores& scores) : scores_(scores) {}

 private:
  ItemScores scores_;
};

}  // namespace ctr
