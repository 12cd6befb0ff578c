#pragma once
// Pairs of table rows.

#include "engine/kernel.h"

namespace ctr {

// y[i] = Q[rows_q[i]] ∘ R[rows_r[i]]; zeros where a row is negative.
template <class T>
struct ComposeRows {
  static constexpr const char* kName = "quotient_remainder";
  const T* q;
  const T* r;
  const int64_t* q_rows;
  const int64_t* r_rows;
  T* y;
  int64_t width;
  bool add, concat;
  int64_t work() const { return 2 * width; }
  CTR_HD void operator()(int64_t i) const {
    const int64_t out = concat ? 2 * width : width;
    T* to = y + i * out;
    if (q_rows[i] < 0) {
      for (int64_t k = 0; k < out; ++k) to[k] = T(0);
      return;
    }
    const T* quotient = q + q_rows[i] * width;
    const T* remainder = r + r_rows[i] * width;
    if (concat) {
      for (int64_t k = 0; k < width; ++k) to[k] = quotient[k];
      for (int64_t k = 0; k < width; ++k) to[width + k] = remainder[k];
    } else if (add) {
      for (int64_t k = 0; k < width; ++k) to[k] = quotient[k] + remainder[k];
    } else {
      for (int64_t k = 0; k < width; ++k) to[k] = quotient[k] * remainder[k];
    }
  }
};
CTR_KERNEL(for_each, ComposeRows);

// d[i] = dy[i] ⊙ table[rows[i]]: what a product sends to the other table; zeros where the row is
// negative.
template <class T>
struct MultiplyByRows {
  static constexpr const char* kName = "quotient_remainder backward";
  const T* table;
  const int64_t* rows;
  const T* dy;
  T* d;
  int64_t width;
  int64_t work() const { return 2 * width; }
  CTR_HD void operator()(int64_t i) const {
    for (int64_t k = 0; k < width; ++k)
      d[i * width + k] = rows[i] < 0 ? T(0) : dy[i * width + k] * table[rows[i] * width + k];
  }
};
CTR_KERNEL(for_each, MultiplyByRows);

}  // namespace ctr
