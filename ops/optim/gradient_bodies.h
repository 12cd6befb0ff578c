#pragma once
// What is done to gradients before a rule sees them: penalty, norm, clipping.

#include "engine/kernel.h"

namespace ctr {

// out = g + λ w
template <class T>
struct PenaltyUpdate {
  static constexpr const char* kName = "penalty";
  const T* gradient;
  const T* weight;
  T* out;
  T lambda;
  CTR_HD void operator()(int64_t i) const { out[i] = gradient[i] + lambda * weight[i]; }
};
CTR_KERNEL(for_each, PenaltyUpdate);

template <class T>
struct PenaltyRowUpdate {
  static constexpr const char* kName = "penalty rows";
  const int64_t* ids;
  const T* weight;
  T* gradient;
  int64_t width;
  T lambda;
  CTR_HD void operator()(int64_t row, int64_t k) const {
    gradient[row * width + k] += lambda * weight[ids[row] * width + k];
  }
};
CTR_KERNEL(for_each_2d, PenaltyRowUpdate);

template <class T>
struct ScaleGradient {
  static constexpr const char* kName = "clip";
  const T* gradient;
  T* out;
  T factor;
  CTR_HD void operator()(int64_t i) const { out[i] = factor * gradient[i]; }
};
CTR_KERNEL(for_each, ScaleGradient);

// sums[row] = Σ of the squares of elements [row · chunk, (row + 1) · chunk)
template <class T>
struct SumOfSquares {
  static constexpr const char* kName = "norm";
  using Value = double;
  const T* values;
  double* sums;
  int64_t count;
  int64_t chunk;
  CTR_HD double identity() const { return 0; }
  CTR_HD double load(int64_t row, int64_t col) const {
    const int64_t i = row * chunk + col;
    const double value = i < count ? static_cast<double>(values[i]) : 0.0;
    return value * value;
  }
  CTR_HD double combine(double left, double right) const { return left + right; }
  CTR_HD void store(int64_t row, double value) const { sums[row] = value; }
};
CTR_KERNEL(reduce_rows, SumOfSquares);

}  // namespace ctr
