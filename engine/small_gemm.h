#pragma once
// Products of small matrices on one thread, where a library call costs more than its arithmetic.

#include <algorithm>
#include <cstdint>

#include "engine/block_gemm.h"
#include "engine/linalg.h"

namespace ctr::small {

// Σ_k a[k] b[k], in an order that depends on n alone.
template <class T>
T dot(const T* a, const T* b, int64_t n) {
  T sum = T(0);
#pragma omp simd reduction(+ : sum)
  for (int64_t k = 0; k < n; ++k) sum += a[k] * b[k];
  return sum;
}

// y += factor x
template <class T>
void add_scaled(T factor, const T* x, T* y, int64_t n) {
#pragma omp simd
  for (int64_t j = 0; j < n; ++j) y[j] += factor * x[j];
}

// c = op(a) op(b)
template <class T>
void gemm(const Matrix<const T>& a, Transpose transpose_a, const Matrix<const T>& b,
          Transpose transpose_b, const Matrix<T>& c) {
  const bool ta = transpose_a == Transpose::yes;
  const int64_t inner = ta ? a.rows : a.cols;
  if (c.rows >= kBlockRows && c.cols >= kBlockRows)
    return blocked_gemm(a, ta, b, transpose_b == Transpose::yes, c);
  for (int64_t i = 0; i < c.rows; ++i) {
    T* row = c.data + i * c.stride;
    if (transpose_b == Transpose::yes && !ta) {
      for (int64_t j = 0; j < c.cols; ++j)
        row[j] = dot(a.data + i * a.stride, b.data + j * b.stride, inner);
      continue;
    }
    std::fill_n(row, c.cols, T(0));
    for (int64_t k = 0; k < inner; ++k) {
      const T left = ta ? a.data[k * a.stride + i] : a.data[i * a.stride + k];
      if (transpose_b == Transpose::yes) {
        for (int64_t j = 0; j < c.cols; ++j) row[j] += left * b.data[j * b.stride + k];
      } else {
        add_scaled(left, b.data + k * b.stride, row, c.cols);
      }
    }
  }
}

}  // namespace ctr::small
