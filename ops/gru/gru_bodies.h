#pragma once

#include "engine/kernel.h"
#include "engine/math.h"

namespace ctr {

// `gates` keeps r, z, n [B, 3 H].
template <class T>
struct GruForward {
  static constexpr const char* kName = "gru_step";
  const T* of_input;
  const T* of_state;
  const T* h;
  T* gates;
  T* y;
  int64_t width;
  CTR_HD void operator()(int64_t row, int64_t k) const {
    const int64_t at = row * 3 * width + k, i = row * width + k;
    const T r = math::sigmoid(of_input[at] + of_state[at]);
    const T z = math::sigmoid(of_input[at + width] + of_state[at + width]);
    const T n = math::tanh(of_input[at + 2 * width] + r * of_state[at + 2 * width]);
    gates[at] = r;
    gates[at + width] = z;
    gates[at + 2 * width] = n;
    y[i] = (T(1) - z) * n + z * h[i];
  }
};
CTR_KERNEL(for_each_2d, GruForward);

template <class T>
struct GruBackward {
  static constexpr const char* kName = "gru_step backward";
  const T* gates;
  const T* of_state;
  const T* h;
  const T* dy;
  T* d_input;
  T* d_state;
  T* dh;
  int64_t width;
  CTR_HD void operator()(int64_t row, int64_t k) const {
    const int64_t at = row * 3 * width + k, i = row * width + k;
    const T r = gates[at], z = gates[at + width], n = gates[at + 2 * width];
    const T dn = dy[i] * (T(1) - z) * (T(1) - n * n);
    const T dr = dn * of_state[at + 2 * width] * r * (T(1) - r);
    const T dz = dy[i] * (h[i] - n) * z * (T(1) - z);
    d_input[at] = d_state[at] = dr;
    d_input[at + width] = d_state[at + width] = dz;
    d_input[at + 2 * width] = dn;
    d_state[at + 2 * width] = dn * r;
    dh[i] = dy[i] * z;
  }
};
CTR_KERNEL(for_each_2d, GruBackward);

}  // namespace ctr
