#pragma once
// Products of fields with a matrix of each pair: blocks of rows, four rows and up to 16 columns at
// a time, so that sums stay in registers and a pair's matrix is read once for four rows.

#include "engine/kernel.h"

namespace ctr {

// Where m[pair, left, right] lies.
struct PairStrides {
  int64_t pair, left, right;
};

// The same matrices in another layout.
template <class T>
struct MovePairMatrices {
  static constexpr const char* kName = "pair matrices";
  static constexpr bool kLoops = true;
  const T* from;
  T* to;
  PairStrides from_strides, to_strides;
  int64_t width;
  CTR_HD void operator()(int64_t pair, int64_t left) const {
    const T* source = from + pair * from_strides.pair + left * from_strides.left;
    T* target = to + pair * to_strides.pair + left * to_strides.left;
    for (int64_t d = 0; d < width; ++d)
      target[d * to_strides.right] = source[d * from_strides.right];
  }
};
CTR_KERNEL(for_each_2d, MovePairMatrices);

// sum[r, k] = Σ_a x[r, a] m[a, k] over `inner` values of a.
template <int kRows, int kCols, class T>
CTR_HD inline void products(const T* x, int64_t stride_x, const T* m, int64_t stride_m,
                            int64_t inner, T (&sum)[kRows][kCols]) {
  for (int r = 0; r < kRows; ++r) {
    for (int k = 0; k < kCols; ++k) sum[r][k] = T(0);
  }
  for (int64_t a = 0; a < inner; ++a) {
    const T* row = m + a * stride_m;
    for (int r = 0; r < kRows; ++r) {
      const T factor = x[r * stride_x + a];
#pragma omp simd
      for (int k = 0; k < kCols; ++k) sum[r][k] += factor * row[k];
    }
  }
}

// What both directions walk over. `inner`: y_n is a number, x_i M_n x_jᵀ, not a vector.
struct BilinearSizes {
  static constexpr int64_t kBlock = 128;  // rows
  int64_t rows, fields, width, stride_y;
  bool inner;
  CTR_HD int64_t pairs() const { return fields * (fields - 1) / 2; }
  CTR_HD int64_t stride_x() const { return fields * width; }
  CTR_HD int64_t end(int64_t block) const {
    return (block + 1) * kBlock < rows ? (block + 1) * kBlock : rows;
  }
};

// y_n = (x_i M_n) ⊙ x_j, or its sum; m [P, D, D].
template <class T>
struct PairwiseBilinear {
  static constexpr const char* kName = "pairwise_bilinear";
  const T* x;
  const T* m;
  T* y;
  BilinearSizes size;
  CTR_HD int64_t work() const {
    return BilinearSizes::kBlock * size.pairs() * size.width * size.width;
  }
  template <int kRows, int kCols>
  CTR_HD void tile(int64_t row, int64_t i, int64_t j, int64_t n, int64_t d) const {
    const int64_t width = size.width;
    const T* first = x + row * size.stride_x();
    T sum[kRows][kCols];
    products<kRows, kCols>(first + i * width, size.stride_x(), m + n * width * width + d, width,
                           width, sum);
    for (int r = 0; r < kRows; ++r) {
      const T* right = first + r * size.stride_x() + j * width + d;
      for (int k = 0; k < kCols; ++k) sum[r][k] *= right[k];
      T* out = y + (row + r) * size.stride_y + (size.inner ? n : n * width + d);
      if (!size.inner) {
        for (int k = 0; k < kCols; ++k) out[k] = sum[r][k];
        continue;
      }
      for (int half = kCols / 2; half > 0; half /= 2) {
        for (int k = 0; k < half; ++k) sum[r][k] += sum[r][k + half];
      }
      *out = d == 0 ? sum[r][0] : *out + sum[r][0];
    }
  }
  template <int kRows>
  CTR_HD void pair(int64_t row, int64_t i, int64_t j, int64_t n) const {
    int64_t d = 0;
    for (; d + 16 <= size.width; d += 16) tile<kRows, 16>(row, i, j, n, d);
    for (; d + 4 <= size.width; d += 4) tile<kRows, 4>(row, i, j, n, d);
    for (; d < size.width; ++d) tile<kRows, 1>(row, i, j, n, d);
  }
  CTR_HD void operator()(int64_t block) const {
    const int64_t end = size.end(block);
    int64_t n = 0;
    for (int64_t i = 0; i < size.fields; ++i) {
      for (int64_t j = i + 1; j < size.fields; ++j, ++n) {
        int64_t row = block * BilinearSizes::kBlock;
        for (; row + 4 <= end; row += 4) pair<4>(row, i, j, n);
        for (; row < end; ++row) pair<1>(row, i, j, n);
      }
    }
  }
};
CTR_KERNEL(for_each, PairwiseBilinear);

// With t_n = dy_n ⊙ x_j:  dx_i += t_n M_nᵀ,  dx_j += dy_n ⊙ (x_i M_n),  dM_n += x_iᵀ t_n, the last
// over the rows of a block into partial [blocks, P, D, D]. Where not asked, dx or partial is null.
template <class T>
struct PairwiseBilinearBackward {
  static constexpr const char* kName = "pairwise_bilinear backward";
  const T* x;
  const T* m;
  const T* transposed;  // mᵀ of each pair
  const T* dy;
  T* dx;
  T* partial;
  BilinearSizes size;
  CTR_HD int64_t work() const {
    return 3 * BilinearSizes::kBlock * size.pairs() * size.width * size.width;
  }
  // dx_i += t M_nᵀ for columns [d, d + kCols) of t; `a` walks the columns of dx_i.
  template <int kRows, int kCols, int kOut>
  CTR_HD void left_columns(const T (&t)[kRows][kCols], const T* columns, T* out, int64_t a) const {
    T sum[kRows][kOut];
    products<kRows, kOut>(&t[0][0], kCols, columns + a, size.width, kCols, sum);
    for (int r = 0; r < kRows; ++r) {
      for (int k = 0; k < kOut; ++k) out[r * size.stride_x() + a + k] += sum[r][k];
    }
  }
  template <int kRows, int kCols>
  CTR_HD void input_gradients(const T (&t)[kRows][kCols], const T (&upstream)[kRows][kCols],
                              int64_t row, int64_t i, int64_t j, int64_t n, int64_t d) const {
    const int64_t width = size.width, stride = size.stride_x();
    T u[kRows][kCols];  // x_i M_n
    products<kRows, kCols>(x + row * stride + i * width, stride, m + n * width * width + d, width,
                           width, u);
    for (int r = 0; r < kRows; ++r) {
      T* right = dx + (row + r) * stride + j * width + d;
      for (int k = 0; k < kCols; ++k) right[k] += upstream[r][k] * u[r][k];
    }
    const T* columns = transposed + n * width * width + d * width;
    T* left = dx + row * stride + i * width;
    int64_t a = 0;
    for (; a + 16 <= width; a += 16) left_columns<kRows, kCols, 16>(t, columns, left, a);
    for (; a + 4 <= width; a += 4) left_columns<kRows, kCols, 4>(t, columns, left, a);
    for (; a < width; ++a) left_columns<kRows, kCols, 1>(t, columns, left, a);
  }
  template <int kRows, int kCols>
  CTR_HD void matrix_gradient(const T (&t)[kRows][kCols], int64_t row, int64_t i, T* dm) const {
    const T* left = x + row * size.stride_x() + i * size.width;
    for (int64_t a = 0; a < size.width; ++a) {
      T sum[kCols];
      for (int k = 0; k < kCols; ++k) sum[k] = dm[a * size.width + k];
      for (int r = 0; r < kRows; ++r) {
        const T factor = left[r * size.stride_x() + a];
#pragma omp simd
        for (int k = 0; k < kCols; ++k) sum[k] += factor * t[r][k];
      }
      for (int k = 0; k < kCols; ++k) dm[a * size.width + k] = sum[k];
    }
  }
  template <int kRows, int kCols>
  CTR_HD void tile(int64_t block, int64_t row, int64_t i, int64_t j, int64_t n, int64_t d) const {
    const int64_t width = size.width;
    T upstream[kRows][kCols], t[kRows][kCols];
    for (int r = 0; r < kRows; ++r) {
      const T* from = dy + (row + r) * size.stride_y + (size.inner ? n : n * width + d);
      const T* right = x + (row + r) * size.stride_x() + j * width + d;
      for (int k = 0; k < kCols; ++k) {
        upstream[r][k] = size.inner ? *from : from[k];
        t[r][k] = upstream[r][k] * right[k];
      }
    }
    if (partial != nullptr)
      matrix_gradient<kRows, kCols>(t, row, i,
                                    partial + (block * size.pairs() + n) * width * width + d);
    if (dx != nullptr) input_gradients<kRows, kCols>(t, upstream, row, i, j, n, d);
  }
  template <int kRows>
  CTR_HD void pair(int64_t block, int64_t row, int64_t i, int64_t j, int64_t n) const {
    int64_t d = 0;
    for (; d + 16 <= size.width; d += 16) tile<kRows, 16>(block, row, i, j, n, d);
    for (; d + 4 <= size.width; d += 4) tile<kRows, 4>(block, row, i, j, n, d);
    for (; d < size.width; ++d) tile<kRows, 1>(block, row, i, j, n, d);
  }
  CTR_HD void clear(int64_t block) const {
    const int64_t row = block * BilinearSizes::kBlock;
    const int64_t elements = (size.end(block) - row) * size.stride_x();
    const int64_t weights = size.pairs() * size.width * size.width;
    for (int64_t k = 0; dx != nullptr && k < elements; ++k) dx[row * size.stride_x() + k] = T(0);
    for (int64_t k = 0; partial != nullptr && k < weights; ++k) partial[block * weights + k] = T(0);
  }
  CTR_HD void operator()(int64_t block) const {
    const int64_t end = size.end(block);
    clear(block);
    int64_t n = 0;
    for (int64_t i = 0; i < size.fields; ++i) {
      for (int64_t j = i + 1; j < size.fields; ++j, ++n) {
        int64_t row = block * BilinearSizes::kBlock;
        for (; row + 4 <= end; row += 4) pair<4>(block, row, i, j, n);
        for (; row < end; ++row) pair<1>(block, row, i, j, n);
      }
    }
  }
};
CTR_KERNEL(for_each, PairwiseBilinearBackward);

}  // namespace ctr
