#pragma once
// Update rules, one element each, and what is done to gradients before them.

#include "engine/kernel.h"
#include "engine/math.h"

namespace ctr {

// w ← w − lr g
template <class T>
struct SgdUpdate {
  static constexpr const char* kName = "sgd";
  const T* gradient;
  T* weight;
  T rate;
  CTR_HD void operator()(int64_t i) const { weight[i] -= rate * gradient[i]; }
};
CTR_KERNEL(for_each, SgdUpdate);

// One element of Adam; `rate` = lr / (1 − β1^t), `correction` = 1 / √(1 − β2^t).
template <class T>
struct AdamRule {
  T beta1, beta2, rate, correction, epsilon;
  CTR_HD void operator()(T g, T& w, T& m, T& v) const {
    m = beta1 * m + (T(1) - beta1) * g;
    v = beta2 * v + (T(1) - beta2) * g * g;
    w -= rate * m / (math::sqrt(v) * correction + epsilon);
  }
};

template <class T>
struct AdamUpdate {
  static constexpr const char* kName = "adam";
  const T* gradient;
  T* weight;
  T* m;
  T* v;
  AdamRule<T> rule;
  CTR_HD void operator()(int64_t i) const { rule(gradient[i], weight[i], m[i], v[i]); }
};
CTR_KERNEL(for_each, AdamUpdate);

// The same for the touched rows of a table; state [rows, 2, width] holds m and v of a row side by
// side.
template <class T>
struct AdamRowUpdate {
  static constexpr const char* kName = "lazy adam";
  const int64_t* ids;
  const T* gradient;
  T* weight;
  T* state;
  int64_t width;
  AdamRule<T> rule;
  CTR_HD void operator()(int64_t row, int64_t k) const {
    int64_t id = ids[row];
    T* m = state + id * 2 * width + k;
    rule(gradient[row * width + k], weight[id * width + k], m[0], m[width]);
  }
};
CTR_KERNEL(for_each_2d, AdamRowUpdate);

template <class T>
struct SgdRowUpdate {
  static constexpr const char* kName = "sgd rows";
  const int64_t* ids;
  const T* gradient;
  T* weight;
  int64_t width;
  T rate;
  CTR_HD void operator()(int64_t row, int64_t k) const {
    weight[ids[row] * width + k] -= rate * gradient[row * width + k];
  }
};
CTR_KERNEL(for_each_2d, SgdRowUpdate);

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
