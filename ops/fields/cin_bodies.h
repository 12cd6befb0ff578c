#pragma once
// The products of a CIN layer on a tile: x0 [F, N], x [M, N], z [F M, N], rows `stride` apart.

#include "engine/kernel.h"

namespace ctr {

// z_(h,m) = x0_h x_m
template <class T>
struct CinProducts {
  static constexpr const char* kName = "cin products";
  const T* x0;
  const T* x;
  T* z;
  int64_t maps, stride;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    z[row * stride + col] = x0[row / maps * stride + col] * x[row % maps * stride + col];
  }
};
CTR_KERNEL(for_each_2d, CinProducts);

// dx0_h = Σ_m dz_(h,m) x_m; or, with the steps exchanged, dx_m = Σ_h dz_(h,m) x0_h. `row` is h.
template <class T>
struct CinProductsBackward {
  static constexpr const char* kName = "cin products backward";
  const T* dz;
  const T* other;
  T* dx;
  int64_t count;           // of the rows of `other`
  int64_t row_step, step;  // in rows of dz: from one h to the next, and from one m
  int64_t stride;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    const T* first = dz + row * row_step * stride + col;
    T sum = T(0);
    for (int64_t k = 0; k < count; ++k) sum += first[k * step * stride] * other[k * stride + col];
    dx[row * stride + col] = sum;
  }
};
CTR_KERNEL(for_each_2d, CinProductsBackward);

}  // namespace ctr
