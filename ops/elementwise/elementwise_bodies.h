#pragma once
// Element-wise bodies: y, dx and dz may be the same memory as their inputs.

#include "engine/kernel.h"
#include "engine/math.h"
#include "engine/rng.h"

namespace ctr {

// y[row, col] = a[row, col] + b[col]
template <class T>
struct AddForward {
  static constexpr const char* kName = "add";
  const T* a;
  const T* b;
  T* y;
  int64_t cols;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    y[row * cols + col] = a[row * cols + col] + b[col];
  }
};
CTR_KERNEL(for_each_2d, AddForward);

// y[row, col] = a[row, col] b[col]
template <class T>
struct MultiplyForward {
  static constexpr const char* kName = "multiply";
  const T* a;
  const T* b;
  T* y;
  int64_t cols;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    y[row * cols + col] = a[row * cols + col] * b[col];
  }
};
CTR_KERNEL(for_each_2d, MultiplyForward);

template <class T>
struct Scale {
  static constexpr const char* kName = "scale";
  const T* x;
  T* y;
  T factor;
  CTR_HD void operator()(int64_t i) const { y[i] = factor * x[i]; }
};
CTR_KERNEL(for_each, Scale);

// Sums of columns: of x, or of the products a b.
template <class T>
struct ColumnSum {
  static constexpr const char* kName = "column sum";
  using Value = T;
  const T* x;
  T* sum;
  int64_t cols;
  CTR_HD T identity() const { return T(0); }
  CTR_HD T load(int64_t row, int64_t col) const { return x[row * cols + col]; }
  CTR_HD T combine(T left, T right) const { return left + right; }
  CTR_HD void store(int64_t col, T value) const { sum[col] = value; }
};
CTR_KERNEL(reduce_cols, ColumnSum);

template <class T>
struct ColumnDot {
  static constexpr const char* kName = "column dot";
  using Value = T;
  const T* a;
  const T* b;
  T* sum;
  int64_t cols;
  CTR_HD T identity() const { return T(0); }
  CTR_HD T load(int64_t row, int64_t col) const {
    return a[row * cols + col] * b[row * cols + col];
  }
  CTR_HD T combine(T left, T right) const { return left + right; }
  CTR_HD void store(int64_t col, T value) const { sum[col] = value; }
};
CTR_KERNEL(reduce_cols, ColumnDot);

// The mask is a function of the stream and the element: the backward pass draws it again.
template <class T>
struct Dropout {
  static constexpr const char* kName = "dropout";
  const T* x;
  T* y;
  RandomStream stream;
  double rate;
  T keep_scale;  // 1 / (1 − rate)
  CTR_HD void operator()(int64_t i) const {
    y[i] = stream.uniform(static_cast<uint64_t>(i)) < rate ? T(0) : x[i] * keep_scale;
  }
};
CTR_KERNEL(for_each, Dropout);

}  // namespace ctr
