#pragma once
// Rows [rows, cols] by a number each.

#include "engine/kernel.h"

namespace ctr {

// y[row, col] = s[row] x[row, col]
template <class T>
struct ScaleRows {
  static constexpr const char* kName = "scale_rows";
  const T* x;
  const T* s;
  T* y;
  int64_t cols;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    y[row * cols + col] = s[row] * x[row * cols + col];
  }
};
CTR_KERNEL(for_each_2d, ScaleRows);

// ds[row] = Σ dy x
template <class T>
struct ScaleRowsBackward {
  static constexpr const char* kName = "scale_rows backward";
  using Value = T;
  const T* x;
  const T* dy;
  T* ds;
  int64_t cols;
  CTR_HD T identity() const { return T(0); }
  CTR_HD T load(int64_t row, int64_t col) const {
    return dy[row * cols + col] * x[row * cols + col];
  }
  CTR_HD T combine(T left, T right) const { return left + right; }
  CTR_HD void store(int64_t row, T value) const { ds[row] = value; }
};
CTR_KERNEL(reduce_rows, ScaleRowsBackward);

}  // namespace ctr
