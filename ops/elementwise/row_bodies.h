#pragma once
// Rows [rows, cols] times a number each, or times each other.

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

// dot[row] = <a[row], b[row]>
template <class T>
struct RowDot {
  static constexpr const char* kName = "row dot";
  using Value = T;
  const T* a;
  const T* b;
  T* dot;
  int64_t cols;
  CTR_HD T identity() const { return T(0); }
  CTR_HD T load(int64_t row, int64_t col) const {
    return a[row * cols + col] * b[row * cols + col];
  }
  CTR_HD T combine(T left, T right) const { return left + right; }
  CTR_HD void store(int64_t row, T value) const { dot[row] = value; }
};
CTR_KERNEL(reduce_rows, RowDot);

}  // namespace ctr
