#pragma once
// What both losses share: rows that count, and a softmax whose columns come a chunk at a time.

#include <algorithm>

#include "autograd/tape.h"
#include "engine/launch.h"
#include "ops/item_softmax/item_softmax.h"
#include "ops/item_softmax/item_softmax_bodies.h"
#include "ops/linear/product.h"

namespace ctr {

// The rows of h that count, side by side.
struct CountedRows {
  Tensor index;    // i64 [M]: their numbers
  Tensor target;   // i64 [M]
  Tensor h;        // [M, D]
  int64_t of = 0;  // N

  int64_t count() const { return index.count(); }
};
// Throws unless h, the table, the bias and the targets fit each other and the targets are items.
CountedRows counted_rows(const char* op, const Var& h, const Var& table, const Var& bias,
                         const Tensor& target, const ItemLossOptions& options);
// [M, D] → [N, D]
Tensor put_back(const CountedRows& rows, const Tensor& dh);

// Items that are scored at once.
struct Chunk {
  Tensor weight;  // [C, D]
  Tensor bias;    // [C], or undefined
  int64_t begin;  // the first one
};

// Running sums of each row, [M] each.
struct RunningSoftmax {
  Tensor largest, before, sum, picked;
};

// z = h weightᵀ + bias → [M, C]
inline Tensor scores_of(const CountedRows& rows, const Chunk& chunk) {
  Tensor z({rows.count(), chunk.weight.dim(0)}, rows.h.dtype(), rows.h.device());
  product(rows.h, Transpose::no, chunk.weight, Transpose::yes, z, {chunk.bias});
  return z;
}

template <class T>
void accumulate(const CountedRows& rows, const Chunk& chunk, RunningSoftmax& running) {
  Tensor z = scores_of(rows, chunk);
  const Device device = z.device();
  const int64_t count = rows.count(), cols = z.dim(1);
  for_each(device, count,
           PickTarget<T>{z.data<T>(), rows.target.data<int64_t>(), running.picked.data<T>(),
                         chunk.begin, cols});
  std::swap(running.largest, running.before);
  reduce_rows(device, count, cols,
              ChunkMax<T>{z.data<T>(), running.before.data<T>(), running.largest.data<T>(), cols});
  reduce_rows(device, count, cols,
              ChunkExpSum<T>{z.data<T>(), running.before.data<T>(), running.largest.data<T>(),
                             running.sum.data<T>(), cols});
}

// The slopes of a chunk's scores, [M, C].
template <class T>
Tensor slopes_of(const CountedRows& rows, const Chunk& chunk, const Tensor& lse, const Tensor& dy) {
  Tensor z = scores_of(rows, chunk);
  const int64_t cols = z.dim(1);
  const auto count = static_cast<T>(rows.count());
  for_each_2d(z.device(), rows.count(), cols,
              ItemSlope<T>{z.data<T>(), lse.data<T>(), dy.data<T>(), cols, count});
  for_each(z.device(), rows.count(),
           TakeTarget<T>{z.data<T>(), rows.target.data<int64_t>(), dy.data<T>(), chunk.begin, cols,
                         count});
  return z;
}

// The mean, and the logarithm of each row's sum, [M].
template <class T>
Tensor finish(const RunningSoftmax& running, int64_t count, Tensor& lse) {
  Tensor loss = Tensor::zeros({1}, running.sum.dtype());
  if (count == 0) return loss;
  reduce_rows(
      loss.device(), 1, count,
      ItemLoss<T>{running.largest.data<T>(), running.sum.data<T>(), running.picked.data<T>(),
                  lse.data<T>(), loss.data<T>(), static_cast<T>(count)});
  return loss;
}

}  // namespace ctr
