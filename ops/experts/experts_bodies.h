#pragma once
// Mixtures of experts, one part of them at a time: f [B, E, H] have the columns first … of g.

#include "engine/kernel.h"

namespace ctr {

// y[b, h] = Σ_e g[b, first + e] f[b, e, h], added to y behind the first part.
template <class T>
struct MixExperts {
  static constexpr const char* kName = "mix_experts";
  const T* f;
  const T* g;
  T* y;
  int64_t experts, width, gates, first;
  CTR_HD void operator()(int64_t row, int64_t h) const {
    T sum = first == 0 ? T(0) : y[row * width + h];
    for (int64_t e = 0; e < experts; ++e)
      sum += g[row * gates + first + e] * f[(row * experts + e) * width + h];
    y[row * width + h] = sum;
  }
};
CTR_KERNEL(for_each_2d, MixExperts);

// df[b, e, h] = g[b, first + e] dy[b, h]
template <class T>
struct MixExpertsBackward {
  static constexpr const char* kName = "mix_experts backward";
  const T* g;
  const T* dy;
  T* df;
  int64_t experts, width, gates, first;
  CTR_HD void operator()(int64_t row, int64_t h) const {
    for (int64_t e = 0; e < experts; ++e)
      df[(row * experts + e) * width + h] = g[row * gates + first + e] * dy[row * width + h];
  }
};
CTR_KERNEL(for_each_2d, MixExpertsBackward);

// dg[b, first + e] = Σ_h dy[b, h] f[b, e, h]; a row for each b and e.
template <class T>
struct MixExpertsGate {
  static constexpr const char* kName = "mix_experts gate backward";
  using Value = T;
  const T* f;
  const T* dy;
  T* dg;
  int64_t experts, width, gates, first;
  CTR_HD T identity() const { return T(0); }
  CTR_HD T load(int64_t row, int64_t h) const {
    return dy[row / experts * width + h] * f[row * width + h];
  }
  CTR_HD T combine(T left, T right) const { return left + right; }
  CTR_HD void store(int64_t row, T value) const {
    dg[row / experts * gates + first + row % experts] = value;
  }
};
CTR_KERNEL(reduce_rows, MixExpertsGate);

}  // namespace ctr
