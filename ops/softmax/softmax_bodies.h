#pragma once
// Softmax over the last axis.

#include "engine/kernel.h"
#include "engine/math.h"

namespace ctr {

template <class T>
struct RowMax {
  static constexpr const char* kName = "softmax max";
  using Value = T;
  const T* x;
  const int64_t* mask;  // null: all elements count
  T* largest;
  int64_t cols;
  CTR_HD T identity() const { return -math::kInfinity<T>; }
  CTR_HD T load(int64_t row, int64_t col) const {
    const int64_t i = row * cols + col;
    return mask == nullptr || mask[i] != 0 ? x[i] : -math::kInfinity<T>;
  }
  CTR_HD T combine(T left, T right) const { return math::max_of(left, right); }
  CTR_HD void store(int64_t row, T value) const { largest[row] = value; }
};
CTR_KERNEL(reduce_rows, RowMax);

// Writes y = exp(x − max) on the way.
template <class T>
struct RowExpSum {
  static constexpr const char* kName = "softmax sum";
  using Value = T;
  const T* x;
  const int64_t* mask;
  const T* largest;
  T* y;
  T* sum;
  int64_t cols;
  CTR_HD T identity() const { return T(0); }
  CTR_HD T load(int64_t row, int64_t col) const {
    const int64_t i = row * cols + col;
    const bool counts = mask == nullptr || mask[i] != 0;
    const T value = counts ? math::exp(x[i] - largest[row]) : T(0);
    y[i] = value;
    return value;
  }
  CTR_HD T combine(T left, T right) const { return left + right; }
  CTR_HD void store(int64_t row, T value) const { sum[row] = value; }
};
CTR_KERNEL(reduce_rows, RowExpSum);

template <class T>
struct DivideRows {
  static constexpr const char* kName = "softmax divide";
  const T* sum;
  T* y;
  int64_t cols;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    const int64_t i = row * cols + col;
    y[i] = sum[row] > T(0) ? y[i] / sum[row] : T(0);
  }
};
CTR_KERNEL(for_each_2d, DivideRows);

// dx = y (dy − <y, dy>)
template <class T>
struct SoftmaxBackward {
  static constexpr const char* kName = "softmax backward";
  const T* y;
  const T* dy;
  const T* dot;
  T* dx;
  int64_t cols;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    int64_t i = row * cols + col;
    dx[i] = y[i] * (dy[i] - dot[row]);
  }
};
CTR_KERNEL(for_each_2d, SoftmaxBackward);

// y = x − largest − log sum
template <class T>
struct LogSoftmax {
  static constexpr const char* kName = "log_softmax";
  const T* x;
  const T* largest;
  const T* sum;
  T* y;
  int64_t cols;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    const int64_t i = row * cols + col;
    y[i] = x[i] - largest[row] - math::log(sum[row]);
  }
};
CTR_KERNEL(for_each_2d, LogSoftmax);

template <class T>
struct RowSum {
  static constexpr const char* kName = "log_softmax backward sum";
  using Value = T;
  const T* x;
  T* sum;
  int64_t cols;
  CTR_HD T identity() const { return T(0); }
  CTR_HD T load(int64_t row, int64_t col) const { return x[row * cols + col]; }
  CTR_HD T combine(T left, T right) const { return left + right; }
  CTR_HD void store(int64_t row, T value) const { sum[row] = value; }
};
CTR_KERNEL(reduce_rows, RowSum);

// dx = dy − e^y Σ dy
template <class T>
struct LogSoftmaxBackward {
  static constexpr const char* kName = "log_softmax backward";
  const T* y;
  const T* dy;
  const T* sum;
  T* dx;
  int64_t cols;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    const int64_t i = row * cols + col;
    dx[i] = dy[i] - math::exp(y[i]) * sum[row];
  }
};
CTR_KERNEL(for_each_2d, LogSoftmaxBackward);

}  // namespace ctr
