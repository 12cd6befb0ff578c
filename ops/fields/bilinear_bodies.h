#pragma once
// Between the products of pairwise_bilinear: rows of several matrices whose columns are the pairs
// of one left field side by side, `width` elements each.

#include "engine/kernel.h"

namespace ctr {

// One element for every (first, second, third) index, from one layout to another.
struct PairStrides {
  int64_t pair, left, right;
};
template <class T>
struct MovePairMatrices {
  static constexpr const char* kName = "pair matrices";
  static constexpr bool kLoops = true;
  const T* from;
  T* to;
  PairStrides from_strides, to_strides;
  int64_t width;
  CTR_HD void operator()(int64_t left, int64_t pair) const {
    const T* source = from + pair * from_strides.pair + left * from_strides.left;
    T* target = to + pair * to_strides.pair + left * to_strides.left;
    for (int64_t d = 0; d < width; ++d)
      target[d * to_strides.right] = source[d * from_strides.right];
  }
};
CTR_KERNEL(for_each_2d, MovePairMatrices);

// y = a ⊙ b, or y + a ⊙ b; y may be a.
template <class T>
struct StridedMultiply {
  static constexpr const char* kName = "pairwise_bilinear multiply";
  const T* a;
  const T* b;
  T* y;
  int64_t stride_a, stride_b, stride_y;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    y[row * stride_y + col] = a[row * stride_a + col] * b[row * stride_b + col];
  }
};
CTR_KERNEL(for_each_2d, StridedMultiply);

template <class T>
struct StridedMultiplyAdd {
  static constexpr const char* kName = "pairwise_bilinear multiply and add";
  const T* a;
  const T* b;
  T* y;
  int64_t stride_a, stride_b, stride_y;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    y[row * stride_y + col] += a[row * stride_a + col] * b[row * stride_b + col];
  }
};
CTR_KERNEL(for_each_2d, StridedMultiplyAdd);

template <class T>
struct StridedAdd {
  static constexpr const char* kName = "pairwise_bilinear add";
  const T* a;
  T* y;
  int64_t stride_a, stride_y;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    y[row * stride_y + col] += a[row * stride_a + col];
  }
};
CTR_KERNEL(for_each_2d, StridedAdd);

// y[row, n] = <a_n, b_n>, in eight running sums.
template <class T>
struct PairDots {
  static constexpr const char* kName = "pairwise_bilinear_inner";
  static constexpr bool kLoops = true;
  const T* a;
  const T* b;
  T* y;
  int64_t stride_a, stride_b, stride_y, width;
  CTR_HD void operator()(int64_t row, int64_t n) const {
    const T* left = a + row * stride_a + n * width;
    const T* right = b + row * stride_b + n * width;
    T lane[8];
    for (int k = 0; k < 8; ++k) lane[k] = T(0);
    int64_t d = 0;
    for (; d + 8 <= width; d += 8) {
      for (int k = 0; k < 8; ++k) lane[k] += left[d + k] * right[d + k];
    }
    for (int k = 0; d + k < width; ++k) lane[k] += left[d + k] * right[d + k];
    y[row * stride_y + n] =
        ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
  }
};
CTR_KERNEL(for_each_2d, PairDots);

// y_n = g[row, n] b_n, or y_n + g[row, n] b_n.
template <class T>
struct PairScale {
  static constexpr const char* kName = "pairwise_bilinear_inner backward";
  static constexpr bool kLoops = true;
  const T* g;
  const T* b;
  T* y;
  int64_t stride_g, stride_b, stride_y, width;
  bool add;
  CTR_HD void operator()(int64_t row, int64_t n) const {
    const T factor = g[row * stride_g + n];
    const T* from = b + row * stride_b + n * width;
    T* to = y + row * stride_y + n * width;
    if (add) {
      for (int64_t d = 0; d < width; ++d) to[d] += factor * from[d];
    } else {
      for (int64_t d = 0; d < width; ++d) to[d] = factor * from[d];
    }
  }
};
CTR_KERNEL(for_each_2d, PairScale);

}  // namespace ctr
