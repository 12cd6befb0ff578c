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

inline constexpr int kCinLanes = 16;

// dx0_h = Σ_m dz_(h,m) x_m; or, with the steps exchanged, dx_m = Σ_h dz_(h,m) x0_h. `row` is h.
// Columns go by blocks of 16, whose sums stay in vector registers; the last block runs into the
// rows' padding.
template <class T>
struct CinProductsBackward {
  static constexpr const char* kName = "cin products backward";
  static constexpr bool kLoops = true;
  const T* dz;
  const T* other;
  T* dx;
  int64_t count;           // of the rows of `other`
  int64_t row_step, step;  // in rows of dz: from one h to the next, and from one m
  int64_t stride;
  CTR_HD void operator()(int64_t row, int64_t block) const {
    const int64_t col = block * kCinLanes;
    const T* up = dz + row * row_step * stride + col;
    const T* factor = other + col;
    T sum[kCinLanes] = {};
    for (int64_t k = 0; k < count; ++k, up += step * stride, factor += stride) {
      for (int c = 0; c < kCinLanes; ++c) sum[c] += up[c] * factor[c];
    }
    for (int c = 0; c < kCinLanes; ++c) dx[row * stride + col + c] = sum[c];
  }
};
CTR_KERNEL(for_each_2d, CinProductsBackward);

}  // namespace ctr
