#pragma once
// Mixtures of experts, one part of them at a time: f [B, E, H] have the columns first … of g.

#include "engine/kernel.h"

namespace ctr {

// Columns of one call: kept in registers while the experts go by.
constexpr int64_t kMixedColumns = 32;

CTR_HD inline int64_t mixed_columns(int64_t width, int64_t tile) {
  const int64_t left = width - tile * kMixedColumns;
  return left < kMixedColumns ? left : kMixedColumns;
}

// y[b, h] = Σ_e g[b, first + e] f[b, e, h], added to y behind the first part.
template <class T>
struct MixExperts {
  static constexpr const char* kName = "mix_experts";
  static constexpr bool kLoops = true;
  const T* f;
  const T* g;
  T* y;
  int64_t experts, width, gates, first;
  CTR_HD void operator()(int64_t row, int64_t tile) const {
    const int64_t begin = tile * kMixedColumns, columns = mixed_columns(width, tile);
    T* to = y + row * width + begin;
    T sum[kMixedColumns];
    for (int64_t h = 0; h < columns; ++h) sum[h] = first == 0 ? T(0) : to[h];
    for (int64_t e = 0; e < experts; ++e) {
      const T weight = g[row * gates + first + e];
      const T* from = f + (row * experts + e) * width + begin;
      for (int64_t h = 0; h < columns; ++h) sum[h] += weight * from[h];
    }
    for (int64_t h = 0; h < columns; ++h) to[h] = sum[h];
  }
};
CTR_KERNEL(for_each_2d, MixExperts);

// df[b, e, h] = g[b, first + e] dy[b, h]
template <class T>
struct MixExpertsBackward {
  static constexpr const char* kName = "mix_experts backward";
  static constexpr bool kLoops = true;
  const T* g;
  const T* dy;
  T* df;
  int64_t experts, width, gates, first;
  CTR_HD void operator()(int64_t row, int64_t tile) const {
    const int64_t begin = tile * kMixedColumns, columns = mixed_columns(width, tile);
    for (int64_t e = 0; e < experts; ++e) {
      const T weight = g[row * gates + first + e];
      const T* from = dy + row * width + begin;
      T* to = df + (row * experts + e) * width + begin;
      for (int64_t h = 0; h < columns; ++h) to[h] = weight * from[h];
    }
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
