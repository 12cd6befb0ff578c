#pragma once
// What cross layers do beside their products. Matrices are [rows, cols]; dx0 is null where nobody
// needs it, and `add` adds to what it holds. Where x is x0 (`self` 1, else 0), dx0 takes dy too.

#include "engine/kernel.h"
#include "engine/math.h"

namespace ctr {

// s[row] = a[row] · b[row], or · b when `stride` is 0.
template <class T>
struct CrossDot {
  static constexpr const char* kName = "cross dot";
  using Value = T;
  const T* a;
  const T* b;
  T* s;
  int64_t cols, stride;
  CTR_HD T identity() const { return T(0); }
  CTR_HD T load(int64_t row, int64_t col) const {
    return a[row * cols + col] * b[row * stride + col];
  }
  CTR_HD T combine(T left, T right) const { return left + right; }
  CTR_HD void store(int64_t row, T value) const { s[row] = value; }
};
CTR_KERNEL(reduce_rows, CrossDot);

// y = s x0 + b + x; x null: without it.
template <class T>
struct CrossVectorForward {
  static constexpr const char* kName = "cross_vector";
  const T* x0;
  const T* s;
  const T* b;
  const T* x;
  T* y;
  int64_t cols;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    const int64_t i = row * cols + col;
    const T crossed = s[row] * x0[i] + b[col];
    y[i] = x == nullptr ? crossed : crossed + x[i];
  }
};
CTR_KERNEL(for_each_2d, CrossVectorForward);

// With t = dy · x0: dx0 = s dy, dx = t w + residual dy (dx null: into dx0), db = Σ dy.
template <class T>
struct CrossVectorBackward {
  static constexpr const char* kName = "cross_vector backward";
  using Value = T;
  const T* dy;
  const T* s;
  const T* t;
  const T* w;
  T* dx0;
  T* dx;
  T* db;
  int64_t cols;
  T residual, self;
  bool add;
  CTR_HD T identity() const { return T(0); }
  CTR_HD T load(int64_t row, int64_t col) const {
    const int64_t i = row * cols + col;
    const T of_x = t[row] * w[col] + residual * dy[i];
    if (dx0 != nullptr) {
      const T of_x0 = s[row] * dy[i] + self * of_x;
      dx0[i] = add ? dx0[i] + of_x0 : of_x0;
    }
    if (dx != nullptr) dx[i] = of_x;
    return dy[i];
  }
  CTR_HD T combine(T left, T right) const { return left + right; }
  CTR_HD void store(int64_t col, T value) const { db[col] = value; }
};
CTR_KERNEL(reduce_cols, CrossVectorBackward);

// dw = Σ_row t[row] x[row]
template <class T>
struct CrossVectorWeight {
  static constexpr const char* kName = "cross_vector backward weight";
  using Value = T;
  const T* t;
  const T* x;
  T* dw;
  int64_t cols;
  CTR_HD T identity() const { return T(0); }
  CTR_HD T load(int64_t row, int64_t col) const { return t[row] * x[row * cols + col]; }
  CTR_HD T combine(T left, T right) const { return left + right; }
  CTR_HD void store(int64_t col, T value) const { dw[col] = value; }
};
CTR_KERNEL(reduce_cols, CrossVectorWeight);

// y = x0 u + x
template <class T>
struct CrossForward {
  static constexpr const char* kName = "cross_matrix";
  const T* x0;
  const T* u;
  const T* x;
  T* y;
  CTR_HD void operator()(int64_t i) const { y[i] = x0[i] * u[i] + x[i]; }
};
CTR_KERNEL(for_each, CrossForward);

// du = dy x0 (which may lie over dy), dx0 = dy u, db = Σ du.
template <class T>
struct CrossBackward {
  static constexpr const char* kName = "cross_matrix backward";
  using Value = T;
  const T* dy;
  const T* x0;
  const T* u;
  T* du;
  T* dx0;
  T* db;
  int64_t cols;
  T self;
  bool add;
  CTR_HD T identity() const { return T(0); }
  CTR_HD T load(int64_t row, int64_t col) const {
    const int64_t i = row * cols + col;
    const T upstream = dy[i];
    if (dx0 != nullptr) {
      const T of_x0 = upstream * (u[i] + self);
      dx0[i] = add ? dx0[i] + of_x0 : of_x0;
    }
    return du[i] = upstream * x0[i];
  }
  CTR_HD T combine(T left, T right) const { return left + right; }
  CTR_HD void store(int64_t col, T value) const { db[col] = value; }
};
CTR_KERNEL(reduce_cols, CrossBackward);

// s = sigmoid(s), y = x0 u s + x
template <class T>
struct GatedForward {
  static constexpr const char* kName = "cross_gated";
  const T* x0;
  const T* u;
  const T* x;
  T* s;
  T* y;
  CTR_HD void operator()(int64_t i) const {
    s[i] = math::sigmoid(s[i]);
    y[i] = x0[i] * u[i] * s[i] + x[i];
  }
};
CTR_KERNEL(for_each, GatedForward);

// du = dy x0 s, dv = dy x0 u s (1 − s), dx0 = dy u s, db = Σ du. du may lie over dy.
template <class T>
struct GatedBackward {
  static constexpr const char* kName = "cross_gated backward";
  using Value = T;
  const T* dy;
  const T* x0;
  const T* u;
  const T* s;
  T* du;
  T* dv;
  T* dx0;
  T* db;
  int64_t cols;
  T self;
  bool add;
  CTR_HD T identity() const { return T(0); }
  CTR_HD T load(int64_t row, int64_t col) const {
    const int64_t i = row * cols + col;
    const T upstream = dy[i];
    const T gated = u[i] * s[i];
    if (dx0 != nullptr) {
      const T of_x0 = upstream * (gated + self);
      dx0[i] = add ? dx0[i] + of_x0 : of_x0;
    }
    dv[i] = upstream * x0[i] * gated * (T(1) - s[i]);
    return du[i] = upstream * x0[i] * s[i];
  }
  CTR_HD T combine(T left, T right) const { return left + right; }
  CTR_HD void store(int64_t col, T value) const { db[col] = value; }
};
CTR_KERNEL(reduce_cols, GatedBackward);

}  // namespace ctr
