#pragma once
// Tiles of fields: [samples, F, D] ↔ [F, samples · D] with rows `stride` apart.

#include "engine/kernel.h"

namespace ctr {

// `row` runs over fields and samples.
template <class T>
struct LoadTile {
  static constexpr const char* kName = "load tile";
  const T* x;
  T* tile;
  int64_t fields, width, samples, stride;
  CTR_HD void operator()(int64_t row, int64_t d) const {
    const int64_t f = row / samples, sample = row % samples;
    tile[f * stride + sample * width + d] = x[(sample * fields + f) * width + d];
  }
};
CTR_KERNEL(for_each_2d, LoadTile);

template <class T>
struct StoreTile {
  static constexpr const char* kName = "store tile";
  const T* tile;
  const T* bias;  // may be null
  T* x;
  int64_t fields, width, samples, stride;
  CTR_HD void operator()(int64_t row, int64_t d) const {
    const int64_t f = row / samples, sample = row % samples;
    const T value = tile[f * stride + sample * width + d];
    x[(sample * fields + f) * width + d] = bias == nullptr ? value : value + bias[f];
  }
};
CTR_KERNEL(for_each_2d, StoreTile);

template <class T>
struct AddPart {
  static constexpr const char* kName = "add part";
  const T* part;
  T* sum;
  bool is_first;
  CTR_HD void operator()(int64_t i) const { sum[i] = is_first ? part[i] : sum[i] + part[i]; }
};
CTR_KERNEL(for_each, AddPart);

// Σ_b Σ_d dy[b, f, d]
template <class T>
struct FieldSum {
  static constexpr const char* kName = "field sum";
  using Value = T;
  const T* dy;
  T* sum;
  int64_t fields, width;
  CTR_HD T identity() const { return T(0); }
  CTR_HD T load(int64_t row, int64_t f) const {
    const T* first = dy + (row * fields + f) * width;
    T total = T(0);
    for (int64_t d = 0; d < width; ++d) total += first[d];
    return total;
  }
  CTR_HD T combine(T left, T right) const { return left + right; }
  CTR_HD void store(int64_t f, T value) const { sum[f] = value; }
};
CTR_KERNEL(reduce_cols, FieldSum);

}  // namespace ctr
