#pragma once
// Binary cross-entropy of a product of two probabilities, from their logits.

#include "engine/kernel.h"
#include "engine/math.h"

namespace ctr {

template <class T>
struct ProductBceForward {
  static constexpr const char* kName = "bce_of_product";
  using Value = T;
  const T* a;
  const T* b;
  const T* label;
  T* loss;
  T count;
  CTR_HD T identity() const { return T(0); }
  CTR_HD T load(int64_t, int64_t i) const {
    const T log_q = -math::softplus(-a[i]) - math::softplus(-b[i]);
    const T q = math::sigmoid(a[i]) * math::sigmoid(b[i]);
    // log(e^−a + e^−b + e^−(a+b)), with the largest term taken out
    const T most = math::max_of(math::max_of(-a[i], -b[i]), -a[i] - b[i]);
    const T sum =
        math::exp(-a[i] - most) + math::exp(-b[i] - most) + math::exp(-a[i] - b[i] - most);
    const T log_rest = q < T(0.5) ? math::log1p(-q) : most + math::log(sum) + log_q;
    return -label[i] * log_q - (T(1) - label[i]) * log_rest;
  }
  CTR_HD T combine(T left, T right) const { return left + right; }
  CTR_HD void store(int64_t row, T value) const { loss[row] = value / count; }
};
CTR_KERNEL(reduce_rows, ProductBceForward);

// da = (1 − t) q r − t σ(−a) with r = σ(−a) / (1 − q) = (e^−a + e^−(a+b)) / Σ; db
// likewise.
template <class T>
struct ProductBceBackward {
  static constexpr const char* kName = "bce_of_product backward";
  const T* a;
  const T* b;
  const T* label;
  const T* dy;
  T* da;
  T* db;
  T count;
  CTR_HD void operator()(int64_t i) const {
    const T q = math::sigmoid(a[i]) * math::sigmoid(b[i]);
    const T most = math::max_of(math::max_of(-a[i], -b[i]), -a[i] - b[i]);
    const T left = math::exp(-a[i] - most);
    const T right = math::exp(-b[i] - most);
    const T both = math::exp(-a[i] - b[i] - most);
    const T sum = left + right + both;
    const T share = (T(1) - label[i]) * q;
    const T upstream = dy[0] / count;
    da[i] = (share * (left + both) / sum - label[i] * math::sigmoid(-a[i])) * upstream;
    db[i] = (share * (right + both) / sum - label[i] * math::sigmoid(-b[i])) * upstream;
  }
};
CTR_KERNEL(for_each, ProductBceBackward);

}  // namespace ctr
