#pragma once
// Softmax cross-entropy over log-probabilities.

#include "engine/kernel.h"
#include "engine/math.h"

namespace ctr {

// Σ_i −lp[i, target_i] / count over the rows that count; one row of n columns.
template <class T>
struct PickedSum {
  static constexpr const char* kName = "softmax_cross_entropy";
  using Value = T;
  const T* log_probability;
  const int64_t* target;
  T* loss;
  int64_t cols, ignored;
  T count;
  CTR_HD T identity() const { return T(0); }
  CTR_HD T load(int64_t, int64_t i) const {
    return target[i] == ignored ? T(0) : -log_probability[i * cols + target[i]];
  }
  CTR_HD T combine(T left, T right) const { return left + right; }
  CTR_HD void store(int64_t, T value) const { loss[0] = value / count; }
};
CTR_KERNEL(reduce_rows, PickedSum);

// dx = (e^lp − [target]) dy / count
template <class T>
struct CrossEntropyBackward {
  static constexpr const char* kName = "softmax_cross_entropy backward";
  const T* log_probability;
  const int64_t* target;
  const T* dy;
  T* dx;
  int64_t cols, ignored;
  T count;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    const int64_t i = row * cols + col;
    const T hit = col == target[row] ? T(1) : T(0);
    const T slope = (math::exp(log_probability[i]) - hit) * (dy[0] / count);
    dx[i] = target[row] == ignored ? T(0) : slope;
  }
};
CTR_KERNEL(for_each_2d, CrossEntropyBackward);

}  // namespace ctr
