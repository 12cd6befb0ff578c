#pragma once
// Interactions over the field axis of v [B, F, D].

#include "engine/kernel.h"

namespace ctr {

// y[b] = Σ_d ½ ((Σ_f v)² − Σ_f v²)
template <class T>
struct FmSecondOrder {
  static constexpr const char* kName = "fm_second_order";
  using Value = T;
  const T* v;
  T* y;
  int64_t fields, width;
  CTR_HD T identity() const { return T(0); }
  CTR_HD T load(int64_t row, int64_t d) const {
    const T* first = v + row * fields * width + d;
    T sum = T(0);
    T squares = T(0);
    for (int64_t f = 0; f < fields; ++f) {
      sum += first[f * width];
      squares += first[f * width] * first[f * width];
    }
    return T(0.5) * (sum * sum - squares);
  }
  CTR_HD T combine(T left, T right) const { return left + right; }
  CTR_HD void store(int64_t row, T value) const { y[row] = value; }
};
CTR_KERNEL(reduce_rows, FmSecondOrder);

// dv[b, f, d] = dy[b] (Σ_g v[b, g, d] − v[b, f, d]), or added to dv.
template <class T>
struct FmSecondOrderBackward {
  static constexpr const char* kName = "fm_second_order backward";
  const T* v;
  const T* dy;
  T* dv;
  int64_t fields, width;
  bool add;
  CTR_HD void operator()(int64_t row, int64_t d) const {
    const int64_t first = row * fields * width + d;
    T sum = T(0);
    for (int64_t f = 0; f < fields; ++f) sum += v[first + f * width];
    for (int64_t f = 0; f < fields; ++f) {
      T& one = dv[first + f * width];
      const T value = dy[row] * (sum - v[first + f * width]);
      one = add ? one + value : value;
    }
  }
};
CTR_KERNEL(for_each_2d, FmSecondOrderBackward);

}  // namespace ctr
