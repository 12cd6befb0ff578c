#pragma once
// Parts of a softmax over columns that come a chunk at a time.

#include "engine/kernel.h"
#include "engine/math.h"

namespace ctr {

// largest = max(before, the row's largest x)
template <class T>
struct ChunkMax {
  static constexpr const char* kName = "item_softmax max";
  using Value = T;
  const T* x;
  const T* before;
  T* largest;
  int64_t cols;
  CTR_HD T identity() const { return -math::kInfinity<T>; }
  CTR_HD T load(int64_t row, int64_t col) const { return x[row * cols + col]; }
  CTR_HD T combine(T left, T right) const { return math::max_of(left, right); }
  CTR_HD void store(int64_t row, T value) const { largest[row] = math::max_of(before[row], value); }
};
CTR_KERNEL(reduce_rows, ChunkMax);

// sum = sum e^{before − largest} + Σ e^{x − largest}
template <class T>
struct ChunkExpSum {
  static constexpr const char* kName = "item_softmax sum";
  using Value = T;
  const T* x;
  const T* before;
  const T* largest;
  T* sum;
  int64_t cols;
  CTR_HD T identity() const { return T(0); }
  CTR_HD T load(int64_t row, int64_t col) const {
    return math::exp(x[row * cols + col] - largest[row]);
  }
  CTR_HD T combine(T left, T right) const { return left + right; }
  CTR_HD void store(int64_t row, T value) const {
    const T old = sum[row] > T(0) ? sum[row] * math::exp(before[row] - largest[row]) : T(0);
    sum[row] = old + value;
  }
};
CTR_KERNEL(reduce_rows, ChunkExpSum);

// x becomes e^{x − largest}; sum = e^{before − largest} + Σ of that.
template <class T>
struct ExpInPlace {
  static constexpr const char* kName = "item_softmax exp";
  using Value = T;
  T* x;
  const T* before;
  const T* largest;
  T* sum;
  int64_t cols;
  CTR_HD T identity() const { return T(0); }
  CTR_HD T load(int64_t row, int64_t col) const {
    const T value = math::exp(x[row * cols + col] - largest[row]);
    x[row * cols + col] = value;
    return value;
  }
  CTR_HD T combine(T left, T right) const { return left + right; }
  CTR_HD void store(int64_t row, T value) const {
    sum[row] = math::exp(before[row] - largest[row]) + value;
  }
};
CTR_KERNEL(reduce_rows, ExpInPlace);

// scaled = factor h; dh becomes factor dh
template <class T>
struct ScaleRowInPlace {
  static constexpr const char* kName = "item_softmax scale";
  const T* factor;
  const T* h;
  T* dh;
  T* scaled;
  int64_t cols;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    const int64_t i = row * cols + col;
    scaled[i] = factor[row] * h[i];
    dh[i] = factor[row] * dh[i];
  }
};
CTR_KERNEL(for_each_2d, ScaleRowInPlace);

// sum += factor x
template <class T>
struct AddScaled {
  static constexpr const char* kName = "item_softmax column sum";
  const T* x;
  T factor;
  T* sum;
  CTR_HD void operator()(int64_t i) const { sum[i] += factor * x[i]; }
};
CTR_KERNEL(for_each, AddScaled);

// The score of the row's target, where it is among items begin … begin + cols.
template <class T>
struct PickTarget {
  static constexpr const char* kName = "item_softmax pick";
  const T* x;
  const int64_t* target;
  T* picked;
  int64_t begin, cols;
  CTR_HD void operator()(int64_t row) const {
    const int64_t col = target[row] - begin;
    if (col >= 0 && col < cols) picked[row] = x[row * cols + col];
  }
};
CTR_KERNEL(for_each, PickTarget);

// The score of the row's target: x = <h, w> + shift.
template <class T>
struct TargetScore {
  static constexpr const char* kName = "item_softmax target";
  using Value = T;
  const T* h;
  const T* w;
  const T* shift;
  T* score;
  int64_t cols;
  CTR_HD T identity() const { return T(0); }
  CTR_HD T load(int64_t row, int64_t col) const {
    return h[row * cols + col] * w[row * cols + col];
  }
  CTR_HD T combine(T left, T right) const { return left + right; }
  CTR_HD void store(int64_t row, T value) const { score[row] = value + shift[row]; }
};
CTR_KERNEL(reduce_rows, TargetScore);

// lse = largest + log sum; the loss is the mean of lse − picked, one row of n columns.
template <class T>
struct ItemLoss {
  static constexpr const char* kName = "item_softmax loss";
  using Value = T;
  const T* largest;
  const T* sum;
  const T* picked;
  T* lse;
  T* loss;
  T count;
  CTR_HD T identity() const { return T(0); }
  CTR_HD T load(int64_t, int64_t i) const {
    lse[i] = largest[i] + math::log(sum[i]);
    return lse[i] - picked[i];
  }
  CTR_HD T combine(T left, T right) const { return left + right; }
  CTR_HD void store(int64_t, T value) const { loss[0] = value / count; }
};
CTR_KERNEL(reduce_rows, ItemLoss);

// x becomes e^{x − lse} dy / count.
template <class T>
struct ItemSlope {
  static constexpr const char* kName = "item_softmax backward";
  T* x;
  const T* lse;
  const T* dy;
  int64_t cols;
  T count;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    T& one = x[row * cols + col];
    one = math::exp(one - lse[row]) * (dy[0] / count);
  }
};
CTR_KERNEL(for_each_2d, ItemSlope);

// The slope of the row's target less dy / count, where it is among items begin … begin + cols.
template <class T>
struct TakeTarget {
  static constexpr const char* kName = "item_softmax backward of targets";
  T* x;
  const int64_t* target;
  const T* dy;
  int64_t begin, cols;
  T count;
  CTR_HD void operator()(int64_t row) const {
    const int64_t col = target[row] - begin;
    if (col >= 0 && col < cols) x[row * cols + col] -= dy[0] / count;
  }
};
CTR_KERNEL(for_each, TakeTarget);

// Of the rows' own targets beside a sample: slope = (e^{score − lse} − 1) dy / count.
template <class T>
struct TargetSlope {
  static constexpr const char* kName = "item_softmax target backward";
  const T* score;
  const T* lse;
  const T* dy;
  T* slope;
  T count;
  CTR_HD void operator()(int64_t row) const {
    slope[row] = (math::exp(score[row] - lse[row]) - T(1)) * (dy[0] / count);
  }
};
CTR_KERNEL(for_each, TargetSlope);

// dw = slope h;  dh += slope w
template <class T>
struct TargetGradients {
  static constexpr const char* kName = "item_softmax target gradients";
  const T* slope;
  const T* h;
  const T* w;
  T* dw;
  T* dh;
  int64_t cols;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    const int64_t i = row * cols + col;
    dw[i] = slope[row] * h[i];
    dh[i] += slope[row] * w[i];
  }
};
CTR_KERNEL(for_each_2d, TargetGradients);

}  // namespace ctr
