#pragma once
// Binary cross-entropy from logits.

#include "engine/kernel.h"
#include "engine/math.h"

namespace ctr {

template <class T>
struct BceForward {
  static constexpr const char* kName = "bce_with_logits";
  using Value = T;
  const T* x;
  const T* label;
  T* loss;
  T count;
  CTR_HD T identity() const { return T(0); }
  CTR_HD T load(int64_t, int64_t i) const { return math::softplus(x[i]) - x[i] * label[i]; }
  CTR_HD T combine(T left, T right) const { return left + right; }
  CTR_HD void store(int64_t row, T value) const { loss[row] = value / count; }
};
CTR_KERNEL(reduce_rows, BceForward);

template <class T>
struct BceBackward {
  static constexpr const char* kName = "bce_with_logits backward";
  const T* x;
  const T* label;
  const T* dy;
  T* dx;
  T count;
  CTR_HD void operator()(int64_t i) const {
    dx[i] = (math::sigmoid(x[i]) - label[i]) * (dy[0] / count);
  }
};
CTR_KERNEL(for_each, BceBackward);

}  // namespace ctr
