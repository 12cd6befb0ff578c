#pragma once
// Attention pooling: q [B, D], keys [B, T, D], rows of the keys numbered b T + t.

#include "engine/kernel.h"

namespace ctr {

// w_d (q_bd − k_btd) for the row of the keys. w: null, or one number (step 0), or D of them (step
// 1).
template <class T>
struct WeighedDifference {
  const T* q;
  const T* keys;
  const T* w;
  int64_t step;
  int64_t places, cols;
  CTR_HD T weight(int64_t col) const { return w == nullptr ? T(1) : w[col * step]; }
  CTR_HD T plain(int64_t row, int64_t col) const {
    return q[row / places * cols + col] - keys[row * cols + col];
  }
};

// u² = Σ_d (w (q − k))²
template <class T>
struct SquaredDistances {
  static constexpr const char* kName = "squared_distances";
  using Value = T;
  WeighedDifference<T> of;
  T* squared;
  CTR_HD T identity() const { return T(0); }
  CTR_HD T load(int64_t row, int64_t col) const {
    const T difference = of.weight(col) * of.plain(row, col);
    return difference * difference;
  }
  CTR_HD T combine(T left, T right) const { return left + right; }
  CTR_HD void store(int64_t row, T value) const { squared[row] = value; }
};
CTR_KERNEL(reduce_rows, SquaredDistances);

// dk = −2 du² w² (q − k)
template <class T>
struct SquaredDistancesKeys {
  static constexpr const char* kName = "squared_distances backward keys";
  WeighedDifference<T> of;
  const T* up;
  T* dkeys;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    const T w = of.weight(col);
    dkeys[row * of.cols + col] = T(-2) * up[row] * w * w * of.plain(row, col);
  }
};
CTR_KERNEL(for_each_2d, SquaredDistancesKeys);

// dq = Σ_t 2 du² w² (q − k)
template <class T>
struct SquaredDistancesQuery {
  static constexpr const char* kName = "squared_distances backward query";
  WeighedDifference<T> of;
  const T* up;
  T* dq;
  CTR_HD void operator()(int64_t b, int64_t col) const {
    const T w = of.weight(col);
    T sum = T(0);
    for (int64_t row = b * of.places; row < (b + 1) * of.places; ++row)
      sum += up[row] * of.plain(row, col);
    dq[b * of.cols + col] = T(2) * w * w * sum;
  }
};
CTR_KERNEL(for_each_2d, SquaredDistancesQuery);

// dw_d = Σ 2 du² w (q − k)² over all rows of the keys.
template <class T>
struct SquaredDistancesWeight {
  static constexpr const char* kName = "squared_distances backward weight";
  using Value = T;
  WeighedDifference<T> of;
  const T* up;
  T* dw;
  CTR_HD T identity() const { return T(0); }
  CTR_HD T load(int64_t row, int64_t col) const {
    const T difference = of.plain(row, col);
    return T(2) * up[row] * of.weight(col) * difference * difference;
  }
  CTR_HD T combine(T left, T right) const { return left + right; }
  CTR_HD void store(int64_t col, T value) const { dw[col] = value; }
};
CTR_KERNEL(reduce_cols, SquaredDistancesWeight);

// K(u) from u², 0 where the mask is.
template <class T>
struct CompactKernel {
  const T* squared;
  const int64_t* mask;  // null: all places count
  bool boxcar;
  CTR_HD bool kept(int64_t i) const { return mask == nullptr || mask[i] != 0; }
  CTR_HD T value(int64_t i) const {
    if (!kept(i) || !(squared[i] <= T(1))) return T(0);
    return boxcar ? T(1) : T(1) - squared[i];
  }
};

// ΣK over a row, or how many places are kept.
template <class T>
struct KernelSum {
  static constexpr const char* kName = "kernel_weights sum";
  using Value = T;
  CompactKernel<T> kernel;
  bool places;
  T* sum;
  int64_t cols;
  CTR_HD T identity() const { return T(0); }
  CTR_HD T load(int64_t row, int64_t col) const {
    const int64_t i = row * cols + col;
    if (places) return kernel.kept(i) ? T(1) : T(0);
    return kernel.value(i);
  }
  CTR_HD T combine(T left, T right) const { return left + right; }
  CTR_HD void store(int64_t row, T value) const { sum[row] = value; }
};
CTR_KERNEL(reduce_rows, KernelSum);

// a = K / ΣK, or 1 / places where ΣK is 0.
template <class T>
struct KernelWeights {
  static constexpr const char* kName = "kernel_weights";
  CompactKernel<T> kernel;
  const T* sum;
  const T* places;
  T* a;
  int64_t cols;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    const int64_t i = row * cols + col;
    const T uniform = kernel.kept(i) ? T(1) / places[row] : T(0);
    a[i] = sum[row] > T(0) ? kernel.value(i) / sum[row] : uniform;
  }
};
CTR_KERNEL(for_each_2d, KernelWeights);

// Of the Epanechnikov kernel: du² = −(da − <a, da>) / ΣK where K > 0.
template <class T>
struct KernelWeightsBackward {
  static constexpr const char* kName = "kernel_weights backward";
  CompactKernel<T> kernel;
  const T* sum;
  const T* dot;
  const T* up;
  T* dsquared;
  int64_t cols;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    const int64_t i = row * cols + col;
    dsquared[i] = kernel.value(i) > T(0) ? (dot[row] - up[i]) / sum[row] : T(0);
  }
};
CTR_KERNEL(for_each_2d, KernelWeightsBackward);

}  // namespace ctr
