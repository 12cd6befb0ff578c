#pragma once
// Small products, one matrix per row.

#include "engine/kernel.h"

namespace ctr {

// y[b, n, m] = Σ_k x[b, n, k] w[b, k, m]; `row` runs over b and n.
template <class T>
struct BatchedForward {
  static constexpr const char* kName = "batched_matmul";
  const T* x;
  const T* w;
  T* y;
  int64_t n, k, m;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    const T* left = x + row * k;
    const T* right = w + row / n * k * m + col;
    T sum = T(0);
    for (int64_t i = 0; i < k; ++i) sum += left[i] * right[i * m];
    y[row * m + col] = sum;
  }
};
CTR_KERNEL(for_each_2d, BatchedForward);

// dx[b, n, k] = Σ_m dy[b, n, m] w[b, k, m]
template <class T>
struct BatchedBackwardLeft {
  static constexpr const char* kName = "batched_matmul backward x";
  const T* w;
  const T* dy;
  T* dx;
  int64_t n, k, m;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    const T* up = dy + row * m;
    const T* right = w + (row / n * k + col) * m;
    T sum = T(0);
    for (int64_t i = 0; i < m; ++i) sum += up[i] * right[i];
    dx[row * k + col] = sum;
  }
};
CTR_KERNEL(for_each_2d, BatchedBackwardLeft);

// dw[b, k, m] = Σ_n x[b, n, k] dy[b, n, m]; `row` runs over b and k.
template <class T>
struct BatchedBackwardRight {
  static constexpr const char* kName = "batched_matmul backward y";
  const T* x;
  const T* dy;
  T* dw;
  int64_t n, k, m;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    const T* left = x + row / k * n * k + row % k;
    const T* up = dy + row / k * n * m + col;
    T sum = T(0);
    for (int64_t i = 0; i < n; ++i) sum += left[i * k] * up[i * m];
    dw[row * m + col] = sum;
  }
};
CTR_KERNEL(for_each_2d, BatchedBackwardRight);

}  // namespace ctr
