#pragma once
// Normalisation. x is seen as [outer, C, inner] for channels C; a layer norm is the case of rows of
// its own.

#include "engine/kernel.h"
#include "engine/math.h"

namespace ctr {

// Sums of x − shift (squared when `squares`) over a row: mean and centred variance of a layer norm.
template <class T>
struct RowMoment {
  static constexpr const char* kName = "row moment";
  using Value = T;
  const T* x;
  const T* mean;  // null: sum of x; else of (x − mean)²
  T* result;      // divided by the row's length
  int64_t cols;
  CTR_HD T identity() const { return T(0); }
  CTR_HD T load(int64_t row, int64_t col) const {
    const T value = x[row * cols + col];
    if (mean == nullptr) return value;
    const T centred = value - mean[row];
    return centred * centred;
  }
  CTR_HD T combine(T left, T right) const { return left + right; }
  CTR_HD void store(int64_t row, T value) const { result[row] = value / static_cast<T>(cols); }
};
CTR_KERNEL(reduce_rows, RowMoment);

// The same per channel, over outer and inner.
template <class T>
struct ChannelMoment {
  static constexpr const char* kName = "channel moment";
  using Value = T;
  const T* x;
  const T* mean;
  T* result;
  int64_t channels, inner;
  T count;
  CTR_HD T identity() const { return T(0); }
  CTR_HD T load(int64_t outer, int64_t channel) const {
    const T* values = x + (outer * channels + channel) * inner;
    T sum = T(0);
    for (int64_t i = 0; i < inner; ++i) {
      const T centred = mean == nullptr ? values[i] : values[i] - mean[channel];
      sum += mean == nullptr ? centred : centred * centred;
    }
    return sum;
  }
  CTR_HD T combine(T left, T right) const { return left + right; }
  CTR_HD void store(int64_t channel, T value) const { result[channel] = value / count; }
};
CTR_KERNEL(reduce_cols, ChannelMoment);

// x̂ = (x − mean) / √(variance + ε) over rows.
template <class T>
struct NormaliseRows {
  static constexpr const char* kName = "layer_norm";
  const T* x;
  const T* mean;
  const T* variance;
  T* normal;
  int64_t cols;
  T epsilon;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    const int64_t i = row * cols + col;
    normal[i] = (x[i] - mean[row]) / math::sqrt(variance[row] + epsilon);
  }
};
CTR_KERNEL(for_each_2d, NormaliseRows);

// The same over channels: rows run over outer and channels, columns over inner, as in what follows.
template <class T>
struct NormaliseChannels {
  static constexpr const char* kName = "batch_norm";
  const T* x;
  const T* mean;
  const T* variance;
  T* normal;
  int64_t channels, inner;
  T epsilon;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    const int64_t c = row % channels, i = row * inner + col;
    normal[i] = (x[i] - mean[c]) / math::sqrt(variance[c] + epsilon);
  }
};
CTR_KERNEL(for_each_2d, NormaliseChannels);

// y = γ_c x̂ + β_c
template <class T>
struct ScaleShift {
  static constexpr const char* kName = "scale and shift";
  const T* normal;
  const T* gamma;
  const T* beta;
  T* y;
  int64_t channels, inner;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    const int64_t c = row % channels, i = row * inner + col;
    y[i] = gamma[c] * normal[i] + beta[c];
  }
};
CTR_KERNEL(for_each_2d, ScaleShift);

// The same for parameters along the columns, [rows, cols].
template <class T>
struct ScaleShiftColumns {
  static constexpr const char* kName = "scale and shift";
  const T* normal;
  const T* gamma;
  const T* beta;
  T* y;
  int64_t cols;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    y[row * cols + col] = gamma[col] * normal[row * cols + col] + beta[col];
  }
};
CTR_KERNEL(for_each_2d, ScaleShiftColumns);

// dγ_k = Σ dy x̂, dβ_k = Σ dy: columns k of [outer, count · inner].
template <class T>
struct AffineBackward {
  static constexpr const char* kName = "scale and shift backward";
  using Value = T;
  const T* normal;  // null: dβ
  const T* dy;
  T* result;
  int64_t count, inner;
  CTR_HD T identity() const { return T(0); }
  CTR_HD T load(int64_t outer, int64_t k) const {
    const int64_t first = (outer * count + k) * inner;
    T sum = T(0);
    for (int64_t i = first; i < first + inner; ++i)
      sum += normal == nullptr ? dy[i] : dy[i] * normal[i];
    return sum;
  }
  CTR_HD T combine(T left, T right) const { return left + right; }
  CTR_HD void store(int64_t k, T value) const { result[k] = value; }
};
CTR_KERNEL(reduce_cols, AffineBackward);

// Means over a row of g = γ dy, or of g x̂ when `normal` is given.
template <class T>
struct LayerNormSums {
  static constexpr const char* kName = "layer_norm backward sums";
  using Value = T;
  const T* dy;
  const T* gamma;
  const T* normal;
  T* result;
  int64_t cols, groups;
  CTR_HD T identity() const { return T(0); }
  CTR_HD T load(int64_t row, int64_t col) const {
    const T g = gamma[row % groups * cols + col] * dy[row * cols + col];
    return normal == nullptr ? g : g * normal[row * cols + col];
  }
  CTR_HD T combine(T left, T right) const { return left + right; }
  CTR_HD void store(int64_t row, T value) const { result[row] = value / static_cast<T>(cols); }
};
CTR_KERNEL(reduce_rows, LayerNormSums);

// dx = (g − mean g − x̂ mean(g x̂)) / √(σ² + ε)
template <class T>
struct LayerNormBackward {
  static constexpr const char* kName = "layer_norm backward";
  const T* dy;
  const T* gamma;
  const T* normal;
  const T* variance;
  const T* mean_g;
  const T* mean_gn;
  T* dx;
  int64_t cols, groups;
  T epsilon;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    const int64_t i = row * cols + col;
    const T g = gamma[row % groups * cols + col] * dy[i];
    dx[i] = (g - mean_g[row] - normal[i] * mean_gn[row]) / math::sqrt(variance[row] + epsilon);
  }
};
CTR_KERNEL(for_each_2d, LayerNormBackward);

// dx = γ / √(σ² + ε) (dy − Σdy / n − x̂ Σ(dy x̂) / n); with constant statistics the sums vanish.
template <class T>
struct BatchNormBackward {
  static constexpr const char* kName = "batch_norm backward";
  const T* dy;
  const T* gamma;  // null: 1
  const T* normal;
  const T* variance;
  const T* sum_dy;  // null: constant statistics
  const T* sum_dyn;
  T* dx;
  int64_t channels, inner;
  T count, epsilon;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    const int64_t c = row % channels, i = row * inner + col;
    const T slope = (gamma == nullptr ? T(1) : gamma[c]) / math::sqrt(variance[c] + epsilon);
    const T centred =
        sum_dy == nullptr ? dy[i] : dy[i] - (sum_dy[c] + normal[i] * sum_dyn[c]) / count;
    dx[i] = slope * centred;
  }
};
CTR_KERNEL(for_each_2d, BatchNormBackward);

}  // namespace ctr
