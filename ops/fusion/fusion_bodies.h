#pragma once
// Bodies of multi_head_bilinear beside its matrix products.

#include "engine/kernel.h"

namespace ctr {

// z[row] = <t[row], y[row]>
template <class T>
struct RowProduct {
  static constexpr const char* kName = "multi_head_bilinear";
  using Value = T;
  const T* t;
  const T* y;
  T* z;
  int64_t cols;
  CTR_HD T identity() const { return T(0); }
  CTR_HD T load(int64_t row, int64_t col) const {
    return t[row * cols + col] * y[row * cols + col];
  }
  CTR_HD T combine(T left, T right) const { return left + right; }
  CTR_HD void store(int64_t row, T value) const { z[row] = value; }
};
CTR_KERNEL(reduce_rows, RowProduct);

// scaled[row] = dz[row] x[row]
template <class T>
struct ScaleEachRow {
  static constexpr const char* kName = "multi_head_bilinear backward";
  const T* x;
  const T* dz;
  T* scaled;
  int64_t cols;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    scaled[row * cols + col] = dz[row] * x[row * cols + col];
  }
};
CTR_KERNEL(for_each_2d, ScaleEachRow);

}  // namespace ctr
