#pragma once
// The bi-interaction of field vectors v [B, F, D].

#include "engine/kernel.h"

namespace ctr {

// y[b, d] = ½ ((Σ_f v)² − Σ_f v²)
template <class T>
struct BiInteraction {
  static constexpr const char* kName = "bi_interaction";
  const T* v;
  T* y;
  int64_t fields, width;
  CTR_HD void operator()(int64_t row, int64_t d) const {
    const T* first = v + row * fields * width + d;
    T sum = T(0);
    T squares = T(0);
    for (int64_t f = 0; f < fields; ++f) {
      sum += first[f * width];
      squares += first[f * width] * first[f * width];
    }
    y[row * width + d] = T(0.5) * (sum * sum - squares);
  }
};
CTR_KERNEL(for_each_2d, BiInteraction);

// dv[b, f, d] = dy[b, d] (Σ_g v[b, g, d] − v[b, f, d])
template <class T>
struct BiInteractionBackward {
  static constexpr const char* kName = "bi_interaction backward";
  const T* v;
  const T* dy;
  T* dv;
  int64_t fields, width;
  CTR_HD void operator()(int64_t row, int64_t d) const {
    const int64_t first = row * fields * width + d;
    T sum = T(0);
    for (int64_t f = 0; f < fields; ++f) sum += v[first + f * width];
    const T upstream = dy[row * width + d];
    for (int64_t f = 0; f < fields; ++f)
      dv[first + f * width] = upstream * (sum - v[first + f * width]);
  }
};
CTR_KERNEL(for_each_2d, BiInteractionBackward);

}  // namespace ctr
