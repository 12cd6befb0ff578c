#pragma once
// A matrix packed once for products with few rows. The library packs it anew for each, which at one
// row costs more than the product (docs/performance.md, Step by step).

#include "engine/linalg.h"
#include "engine/tensor.h"

namespace ctr {

// The factor op(b) [I, O] of c = a op(b) + bias, f32 or f64, on the CPU.
class PackedFactor {
 public:
  PackedFactor() = default;
  template <class T>
  PackedFactor(const Matrix<const T>& b, Transpose transpose);

  // a [R, I] → c [R, O], of the precision that was packed; `bias` [O]. Runs on the calling thread
  // and must be of fitting sizes. A row's sums run over I in its order, and so its bits do not
  // depend on the other rows.
  template <class T>
  void multiply(const Matrix<const T>& a, const T* bias, const Matrix<T>& c) const;

  int64_t inner() const { return inner_; }  // I
  int64_t cols() const { return cols_; }    // O

 private:
  int64_t inner_ = 0, cols_ = 0;
  Tensor panels_;  // of small::kBlockCols columns, one after another
};

}  // namespace ctr
