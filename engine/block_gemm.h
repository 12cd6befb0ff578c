#pragma once
// Products of small matrices on one thread by blocks whose sums stay in registers.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "engine/linalg.h"

namespace ctr::small {

template <class T>
struct Lanes {
  typedef T type __attribute__((vector_size(32)));
  static constexpr int kCount = 32 / sizeof(T);
};

// Columns of a block: two vectors.
template <class T>
inline constexpr int64_t kBlockCols = 2 * Lanes<T>::kCount;
inline constexpr int kBlockRows = 4;

// Element (r, k) of the left factor's R rows: where it lies in memory.
template <class T>
struct StridedRows {
  const T* a;
  int64_t row_step, inner_step;
  T operator()(int r, int64_t k) const { return a[r * row_step + k * inner_step]; }
};

// R rows of c = a b over one block of columns; `a` gives element (r, k) of the left factor.
template <class T, int R, class Left>
inline void block(const Left& a, const T* b, int64_t stride_b, int64_t inner, T* c,
                  int64_t stride_c) {
  using V = typename Lanes<T>::type;
  constexpr int kLanes = Lanes<T>::kCount;
  V left[R], right[R];
  for (int r = 0; r < R; ++r) left[r] = right[r] = V{};
  for (int64_t k = 0; k < inner; ++k) {
    V b0, b1;
    std::memcpy(&b0, b + k * stride_b, sizeof(V));
    std::memcpy(&b1, b + k * stride_b + kLanes, sizeof(V));
    for (int r = 0; r < R; ++r) {
      const T factor = a(r, k);
      left[r] += factor * b0;
      right[r] += factor * b1;
    }
  }
  for (int r = 0; r < R; ++r) {
    std::memcpy(c + r * stride_c, &left[r], sizeof(V));
    std::memcpy(c + r * stride_c + kLanes, &right[r], sizeof(V));
  }
}

// Up to kBlockRows rows.
template <class T, class Left>
inline void block(int64_t rows, const Left& a, const T* b, int64_t stride_b, int64_t inner, T* c,
                  int64_t stride_c) {
  switch (rows) {
    case 1:
      return block<T, 1>(a, b, stride_b, inner, c, stride_c);
    case 2:
      return block<T, 2>(a, b, stride_b, inner, c, stride_c);
    case 3:
      return block<T, 3>(a, b, stride_b, inner, c, stride_c);
    default:
      return block<T, kBlockRows>(a, b, stride_b, inner, c, stride_c);
  }
}

// Columns [begin, begin + cols) of op(b) as rows of kBlockCols, zeros beyond: `to` holds inner of
// them.
template <class T>
void pack_columns(const Matrix<const T>& b, bool transposed, int64_t begin, int64_t cols,
                  int64_t inner, T* to) {
  constexpr int64_t kCols = kBlockCols<T>;
  if (cols < kCols) std::fill_n(to, inner * kCols, T(0));
  for (int64_t j = 0; transposed && j < cols; ++j) {
    const T* from = b.data + (begin + j) * b.stride;
    for (int64_t k = 0; k < inner; ++k) to[k * kCols + j] = from[k];
  }
  for (int64_t k = 0; !transposed && k < inner; ++k)
    std::copy_n(b.data + k * b.stride + begin, cols, to + k * kCols);
}

// The same in memory of this thread.
template <class T>
const T* packed_columns(const Matrix<const T>& b, bool transposed, int64_t begin, int64_t cols,
                        int64_t inner) {
  thread_local std::vector<T> panel;
  panel.resize(std::max(panel.size(), static_cast<size_t>(inner * kBlockCols<T>)));
  pack_columns(b, transposed, begin, cols, inner, panel.data());
  return panel.data();
}

// c = op(a) op(b). The sum over the inner dimension runs in its order.
template <class T>
void blocked_gemm(const Matrix<const T>& a, bool transpose_a, const Matrix<const T>& b,
                  bool transpose_b, const Matrix<T>& c) {
  constexpr int64_t kCols = kBlockCols<T>;
  const int64_t inner = transpose_a ? a.rows : a.cols;
  const int64_t row_step = transpose_a ? 1 : a.stride, inner_step = transpose_a ? a.stride : 1;
  for (int64_t col = 0; col < c.cols; col += kCols) {
    const int64_t cols = std::min(kCols, c.cols - col);
    const bool packs = transpose_b || cols < kCols;
    const T* panel = packs ? packed_columns(b, transpose_b, col, cols, inner) : b.data + col;
    const int64_t stride = packs ? kCols : b.stride;
    for (int64_t row = 0; row < c.rows; row += kBlockRows) {
      const int64_t rows = std::min<int64_t>(kBlockRows, c.rows - row);
      const StridedRows<T> left{a.data + row * row_step, row_step, inner_step};
      T* out = c.data + row * c.stride + col;
      if (cols == kCols) {
        block(rows, left, panel, stride, inner, out, c.stride);
        continue;
      }
      T edge[kBlockRows * kCols];
      block(rows, left, panel, stride, inner, edge, kCols);
      for (int64_t r = 0; r < rows; ++r) std::copy_n(edge + r * kCols, cols, out + r * c.stride);
    }
  }
}

}  // namespace ctr::small
