#pragma once

#include "engine/kernel.h"

namespace ctr {

// y[r, c] = x[r, c] s[r], or added to y.
template <class T>
struct ScaleRows {
  static constexpr const char* kName = "scale_rows";
  const T* x;
  const T* s;
  T* y;
  int64_t cols;
  bool add;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    const T value = x[row * cols + col] * s[row];
    T& one = y[row * cols + col];
    one = add ? one + value : value;
  }
};
CTR_KERNEL(for_each_2d, ScaleRows);

// y[r] = Σ_c a[r, c] b[r, c]; with `shared` b is one row for all.
template <class T>
struct DotRows {
  static constexpr const char* kName = "dot of rows";
  using Value = T;
  const T* a;
  const T* b;
  T* y;
  int64_t cols;
  bool shared;
  CTR_HD T identity() const { return T(0); }
  CTR_HD T load(int64_t row, int64_t col) const {
    return a[row * cols + col] * b[(shared ? 0 : row * cols) + col];
  }
  CTR_HD T combine(T left, T right) const { return left + right; }
  CTR_HD void store(int64_t row, T value) const { y[row] = value; }
};
CTR_KERNEL(reduce_rows, DotRows);

// y = a b + c
template <class T>
struct MultiplyAdd {
  static constexpr const char* kName = "multiply_add";
  const T* a;
  const T* b;
  const T* c;
  T* y;
  CTR_HD void operator()(int64_t i) const { y[i] = a[i] * b[i] + c[i]; }
};
CTR_KERNEL(for_each, MultiplyAdd);

// da = dy b, or added to da; db = dy a. Either may be null.
template <class T>
struct MultiplyAddBackward {
  static constexpr const char* kName = "multiply_add backward";
  const T* a;
  const T* b;
  const T* dy;
  T* da;
  T* db;
  bool add;
  CTR_HD void operator()(int64_t i) const {
    const T g = dy[i];
    if (da != nullptr) da[i] = add ? da[i] + g * b[i] : g * b[i];
    if (db != nullptr) db[i] = g * a[i];
  }
};
CTR_KERNEL(for_each, MultiplyAddBackward);

// y[r, c] = x0[r, c] s[r] + b[c] + x[r, c]
template <class T>
struct CrossVector {
  static constexpr const char* kName = "cross_vector";
  const T* x0;
  const T* x;
  const T* s;
  const T* b;
  T* y;
  int64_t cols;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    const int64_t at = row * cols + col;
    y[at] = x0[at] * s[row] + b[col] + x[at];
  }
};
CTR_KERNEL(for_each_2d, CrossVector);

// dx[r, c] = dy[r, c] + t[r] w[c]
template <class T>
struct CrossVectorBackward {
  static constexpr const char* kName = "cross_vector backward";
  const T* dy;
  const T* t;
  const T* w;
  T* dx;
  int64_t cols;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    dx[row * cols + col] = dy[row * cols + col] + t[row] * w[col];
  }
};
CTR_KERNEL(for_each_2d, CrossVectorBackward);

// y[c] = Σ_r x[r, c] t[r]
template <class T>
struct WeightedColumnSum {
  static constexpr const char* kName = "weighted column sum";
  using Value = T;
  const T* x;
  const T* t;
  T* y;
  int64_t cols;
  CTR_HD T identity() const { return T(0); }
  CTR_HD T load(int64_t row, int64_t col) const { return x[row * cols + col] * t[row]; }
  CTR_HD T combine(T left, T right) const { return left + right; }
  CTR_HD void store(int64_t col, T value) const { y[col] = value; }
};
CTR_KERNEL(reduce_cols, WeightedColumnSum);

}  // namespace ctr
