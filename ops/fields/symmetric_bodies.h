#pragma once
// Elementary symmetric polynomials over the field axis of v [B, F, D]; s [B, order, D].

#include "engine/kernel.h"

namespace ctr {

// s_k ← s_k + s_{k−1} v_f, field by field, from s_0 = 1. All five are summed, whatever the order:
// so they stay in registers.
template <class T>
struct ElementarySymmetric {
  static constexpr const char* kName = "elementary_symmetric";
  const T* v;
  T* s;
  int64_t fields, width, order;
  CTR_HD void operator()(int64_t row, int64_t d) const {
    T s1 = T(0), s2 = T(0), s3 = T(0), s4 = T(0), s5 = T(0);
    for (int64_t f = 0; f < fields; ++f) {
      const T x = v[(row * fields + f) * width + d];
      s5 += s4 * x;
      s4 += s3 * x;
      s3 += s2 * x;
      s2 += s1 * x;
      s1 += x;
    }
    T* first = s + row * order * width + d;
    first[0] = s1;
    if (order > 1) first[width] = s2;
    if (order > 2) first[2 * width] = s3;
    if (order > 3) first[3 * width] = s4;
    if (order > 4) first[4 * width] = s5;
  }
};
CTR_KERNEL(for_each_2d, ElementarySymmetric);

// dv_f = Σ_k ds_k p_k with p_k = ∂s_k / ∂v_f = s_{k−1} − v_f p_{k−1}, p_0 = 0.
template <class T>
struct ElementarySymmetricBackward {
  static constexpr const char* kName = "elementary_symmetric backward";
  const T* v;
  const T* s;
  const T* ds;
  T* dv;
  int64_t fields, width, order;
  CTR_HD void operator()(int64_t row, int64_t d) const {  // `row` runs over samples and fields
    const int64_t first = row / fields * order * width + d;
    const T x = v[row * width + d];
    T partial = T(1);
    T sum = ds[first];
    for (int64_t k = 1; k < order; ++k) {
      partial = s[first + (k - 1) * width] - x * partial;
      sum += ds[first + k * width] * partial;
    }
    dv[row * width + d] = sum;
  }
};
CTR_KERNEL(for_each_2d, ElementarySymmetricBackward);

}  // namespace ctr
