#pragma once
// Elementary symmetric polynomials over the field axis of v [B, F, D]; s [B, order, D]. Columns go
// by blocks of eight, whose sums stay in vector registers.

#include "engine/kernel.h"

namespace ctr {

inline constexpr int kSymmetricLanes = 8;

// Blocks of D columns.
CTR_HD inline int64_t symmetric_blocks(int64_t width) {
  return (width + kSymmetricLanes - 1) / kSymmetricLanes;
}

// s_k ← s_k + s_{k−1} v_f, field by field, from s_0 = 1. All five are summed, whatever the order.
template <class T>
struct ElementarySymmetric {
  static constexpr const char* kName = "elementary_symmetric";
  static constexpr bool kLoops = true;
  const T* v;
  T* s;
  int64_t fields, width, order;

  CTR_HD void operator()(int64_t row, int64_t block) const {
    const int64_t begin = block * kSymmetricLanes;
    if (begin + kSymmetricLanes <= width) {
      run<kSymmetricLanes>(row, begin);
    } else {
      for (int64_t d = begin; d < width; ++d) run<1>(row, d);
    }
  }

  template <int kLanes>
  CTR_HD void run(int64_t row, int64_t d) const {
    T sums[5][kLanes] = {};
    const T* x = v + row * fields * width + d;
    for (int64_t f = 0; f < fields; ++f, x += width) {
      for (int c = 0; c < kLanes; ++c) sums[4][c] += sums[3][c] * x[c];
      for (int c = 0; c < kLanes; ++c) sums[3][c] += sums[2][c] * x[c];
      for (int c = 0; c < kLanes; ++c) sums[2][c] += sums[1][c] * x[c];
      for (int c = 0; c < kLanes; ++c) sums[1][c] += sums[0][c] * x[c];
      for (int c = 0; c < kLanes; ++c) sums[0][c] += x[c];
    }
    T* to = s + row * order * width + d;
    for (int k = 0; k < 5; ++k) {
      for (int c = 0; k < order && c < kLanes; ++c) to[k * width + c] = sums[k][c];
    }
  }
};
CTR_KERNEL(for_each_2d, ElementarySymmetric);

// dv_f = Σ_k ds_k p_k with p_k = ∂s_k / ∂v_f = s_{k−1} − v_f p_{k−1}, p_0 = 0.
template <class T>
struct ElementarySymmetricBackward {
  static constexpr const char* kName = "elementary_symmetric backward";
  static constexpr bool kLoops = true;
  const T* v;
  const T* s;
  const T* ds;
  T* dv;
  int64_t fields, width, order;

  CTR_HD void operator()(int64_t row, int64_t block) const {
    const int64_t begin = block * kSymmetricLanes;
    if (begin + kSymmetricLanes <= width) {
      run<kSymmetricLanes>(row, begin);
    } else {
      for (int64_t d = begin; d < width; ++d) run<1>(row, d);
    }
  }

  template <int kLanes>
  CTR_HD void run(int64_t row, int64_t d) const {
    const T* sums = s + row * order * width + d;
    const T* up = ds + row * order * width + d;
    for (int64_t f = 0; f < fields; ++f) {
      const int64_t at = (row * fields + f) * width + d;
      T partial[kLanes], sum[kLanes];
      for (int c = 0; c < kLanes; ++c) partial[c] = T(1);
      for (int c = 0; c < kLanes; ++c) sum[c] = up[c];
      for (int64_t k = 1; k < order; ++k) {
        const T* below = sums + (k - 1) * width;
        const T* own = up + k * width;
        for (int c = 0; c < kLanes; ++c) partial[c] = below[c] - v[at + c] * partial[c];
        for (int c = 0; c < kLanes; ++c) sum[c] += own[c] * partial[c];
      }
      for (int c = 0; c < kLanes; ++c) dv[at + c] = sum[c];
    }
  }
};
CTR_KERNEL(for_each_2d, ElementarySymmetricBackward);

}  // namespace ctr
