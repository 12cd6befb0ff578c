#pragma once
// Reductions of x seen as [outer, n, inner] to [outer, inner].

#include "engine/kernel.h"

namespace ctr {

template <class T>
struct SumAxis {
  static constexpr const char* kName = "sum";
  const T* x;
  T* y;
  int64_t n, inner;
  T factor;  // 1 for a sum, 1 / n for a mean
  CTR_HD void operator()(int64_t outer, int64_t col) const {
    const T* first = x + outer * n * inner + col;
    T sum = T(0);
    for (int64_t k = 0; k < n; ++k) sum += first[k * inner];
    y[outer * inner + col] = factor * sum;
  }
};
CTR_KERNEL(for_each_2d, SumAxis);

// `row` runs over outer and n.
template <class T>
struct SumAxisBackward {
  static constexpr const char* kName = "sum backward";
  const T* dy;
  T* dx;
  int64_t n, inner;
  T factor;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    dx[row * inner + col] = factor * dy[row / n * inner + col];
  }
};
CTR_KERNEL(for_each_2d, SumAxisBackward);

// The same for inner = 1: over outer and n.
template <class T>
struct SumLastBackward {
  static constexpr const char* kName = "sum backward";
  const T* dy;
  T* dx;
  int64_t n;
  T factor;
  CTR_HD void operator()(int64_t row, int64_t col) const { dx[row * n + col] = factor * dy[row]; }
};
CTR_KERNEL(for_each_2d, SumLastBackward);

template <class T>
struct MaxAxis {
  static constexpr const char* kName = "max";
  const T* x;
  T* y;
  int64_t* place;  // of the first maximum along the axis
  int64_t n, inner;
  CTR_HD void operator()(int64_t outer, int64_t col) const {
    const T* first = x + outer * n * inner + col;
    int64_t best = 0;
    for (int64_t k = 1; k < n; ++k) best = first[k * inner] > first[best * inner] ? k : best;
    y[outer * inner + col] = first[best * inner];
    place[outer * inner + col] = best;
  }
};
CTR_KERNEL(for_each_2d, MaxAxis);

template <class T>
struct MaxAxisBackward {
  static constexpr const char* kName = "max backward";
  const T* dy;
  const int64_t* place;
  T* dx;
  int64_t n, inner;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    const int64_t from = row / n * inner + col;
    dx[row * inner + col] = place[from] == row % n ? dy[from] : T(0);
  }
};
CTR_KERNEL(for_each_2d, MaxAxisBackward);

}  // namespace ctr
