#pragma once
// Rows of length 1.

#include "engine/kernel.h"
#include "engine/math.h"

namespace ctr {

// length = max(√squared, least)
template <class T>
CTR_HD T row_length(T squared, T least) {
  const T length = math::sqrt(squared);
  return length > least ? length : least;
}

// y = x / length
template <class T>
struct NormalizeRows {
  static constexpr const char* kName = "normalize_rows";
  const T* x;
  const T* squared;
  T* y;
  int64_t cols;
  T least;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    y[row * cols + col] = x[row * cols + col] / row_length(squared[row], least);
  }
};
CTR_KERNEL(for_each_2d, NormalizeRows);

// dx = (dy − y ⟨y, dy⟩) / length; a row that is shorter than `least` was divided by a constant.
template <class T>
struct NormalizeRowsBackward {
  static constexpr const char* kName = "normalize_rows backward";
  const T* y;
  const T* dy;
  const T* squared;
  const T* dot;
  T* dx;
  int64_t cols;
  T least;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    const int64_t i = row * cols + col;
    const T along = squared[row] > least * least ? dot[row] : T(0);
    dx[i] = (dy[i] - y[i] * along) / row_length(squared[row], least);
  }
};
CTR_KERNEL(for_each_2d, NormalizeRowsBackward);

}  // namespace ctr
