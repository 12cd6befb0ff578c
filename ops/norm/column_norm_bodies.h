#pragma once
// Norms over columns: x is [rows, cols]. γ, β and the gate g may be null: 1, 0 and 1. Sums run over
// all rows, or over those listed.

#include "engine/kernel.h"
#include "engine/math.h"

namespace ctr {

// Which row of x the i-th of a sum is.
struct SummedRows {
  const int64_t* listed = nullptr;  // null: all
  CTR_HD int64_t operator()(int64_t i) const { return listed == nullptr ? i : listed[i]; }
};

// mean = Σ x / count
template <class T>
struct ColumnMean {
  static constexpr const char* kName = "column mean";
  using Value = T;
  const T* x;
  T* mean;
  int64_t cols;
  T count;
  SummedRows rows = {};
  CTR_HD T identity() const { return T(0); }
  CTR_HD T load(int64_t row, int64_t col) const { return x[rows(row) * cols + col]; }
  CTR_HD T combine(T left, T right) const { return left + right; }
  CTR_HD void store(int64_t col, T value) const { mean[col] = value / count; }
};
CTR_KERNEL(reduce_cols, ColumnMean);

// variance = Σ (x − mean)² / count
template <class T>
struct ColumnVariance {
  static constexpr const char* kName = "column variance";
  using Value = T;
  const T* x;
  const T* mean;
  T* variance;
  int64_t cols;
  T count;
  SummedRows rows = {};
  CTR_HD T identity() const { return T(0); }
  CTR_HD T load(int64_t row, int64_t col) const {
    const T centred = x[rows(row) * cols + col] - mean[col];
    return centred * centred;
  }
  CTR_HD T combine(T left, T right) const { return left + right; }
  CTR_HD void store(int64_t col, T value) const { variance[col] = value / count; }
};
CTR_KERNEL(reduce_cols, ColumnVariance);

// r = 1 / √(g² σ² + ε), scale = γ g r
template <class T>
struct ColumnScale {
  static constexpr const char* kName = "column scale";
  const T* variance;
  const T* gate;
  const T* gamma;
  T* r;
  T* scale;
  T epsilon;
  CTR_HD void operator()(int64_t c) const {
    const T g = gate == nullptr ? T(1) : gate[c];
    r[c] = T(1) / math::sqrt(g * g * variance[c] + epsilon);
    scale[c] = (gamma == nullptr ? T(1) : gamma[c]) * g * r[c];
  }
};
CTR_KERNEL(for_each, ColumnScale);

// y = scale (x − mean) + β
template <class T>
struct NormaliseColumns {
  static constexpr const char* kName = "batch_norm";
  const T* x;
  const T* mean;
  const T* scale;
  const T* beta;
  T* y;
  int64_t cols;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    const T scaled = scale[col] * (x[row * cols + col] - mean[col]);
    y[row * cols + col] = beta == nullptr ? scaled : scaled + beta[col];
  }
};
CTR_KERNEL(for_each_2d, NormaliseColumns);

// s = Σ dy (x − mean)
template <class T>
struct ColumnProduct {
  static constexpr const char* kName = "batch_norm backward sums";
  using Value = T;
  const T* x;
  const T* mean;
  const T* dy;
  T* s;
  int64_t cols;
  SummedRows rows = {};
  CTR_HD T identity() const { return T(0); }
  CTR_HD T load(int64_t row, int64_t col) const {
    const int64_t i = rows(row) * cols + col;
    return dy[i] * (x[i] - mean[col]);
  }
  CTR_HD T combine(T left, T right) const { return left + right; }
  CTR_HD void store(int64_t col, T value) const { s[col] = value; }
};
CTR_KERNEL(reduce_cols, ColumnProduct);

// Of the sums s: dγ = g r s, dg = γ ε r³ s, and what dx takes away, of dy's mean and in proportion
// to x − mean: centre = Σdy / n, slope = (g r)² s / n; both 0 for constant statistics.
template <class T>
struct ColumnGradients {
  static constexpr const char* kName = "batch_norm backward columns";
  const T* s;
  const T* sum_dy;
  const T* r;
  const T* gate;
  const T* gamma;
  T* dgamma;
  T* dgate;
  T* centre;
  T* slope;
  T epsilon, count;
  bool of_batch;
  CTR_HD void operator()(int64_t c) const {
    const T weight = (gate == nullptr ? T(1) : gate[c]) * r[c];
    dgamma[c] = weight * s[c];
    dgate[c] = (gamma == nullptr ? T(1) : gamma[c]) * epsilon * r[c] * r[c] * r[c] * s[c];
    centre[c] = of_batch ? sum_dy[c] / count : T(0);
    slope[c] = of_batch ? weight * weight * s[c] / count : T(0);
  }
};
CTR_KERNEL(for_each, ColumnGradients);

// dx = scale (dy − centre − (x − mean) slope)
template <class T>
struct NormaliseColumnsBackward {
  static constexpr const char* kName = "batch_norm backward";
  const T* x;
  const T* mean;
  const T* scale;
  const T* dy;
  const T* centre;
  const T* slope;
  T* dx;
  int64_t cols;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    const int64_t i = row * cols + col;
    dx[i] = scale[col] * (dy[i] - centre[col] - (x[i] - mean[col]) * slope[col]);
  }
};
CTR_KERNEL(for_each_2d, NormaliseColumnsBackward);

}  // namespace ctr
