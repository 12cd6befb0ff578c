#include "engine/packed_factor.h"

#include <algorithm>
#include <cstring>

#include "engine/block_gemm.h"
#include "engine/check.h"

namespace ctr {
namespace {

constexpr int kWide = 4;  // panels that a single row meets at once: enough sums to hide their delay

// Rows that lie one after another.
template <class T>
struct RowsBeside {
  const T* a;
  int64_t stride;
  T operator()(int r, int64_t k) const { return a[r * stride + k]; }
};

// One row by P panels that lie one after another, to P · kBlockCols sums.
template <class T, int P>
void one_row(const T* a, const T* panels, int64_t inner, T* sums) {
  using V = typename small::Lanes<T>::type;
  constexpr int kLanes = small::Lanes<T>::kCount;
  const int64_t step = inner * small::kBlockCols<T>;
  V sum[2 * P];
  for (V& one : sum) one = V{};
  for (int64_t k = 0; k < inner; ++k) {
    const T factor = a[k];
    const T* row = panels + k * small::kBlockCols<T>;
    for (int p = 0; p < P; ++p) {
      V b0, b1;
      std::memcpy(&b0, row + p * step, sizeof(V));
      std::memcpy(&b1, row + p * step + kLanes, sizeof(V));
      sum[2 * p] += factor * b0;
      sum[2 * p + 1] += factor * b1;
    }
  }
  std::memcpy(sums, sum, sizeof(sum));
}

template <class T>
void finish(const T* sums, const T* bias, int64_t cols, T* c) {
  for (int64_t j = 0; j < cols; ++j) c[j] = sums[j] + bias[j];
}

}  // namespace

template <class T>
PackedFactor::PackedFactor(const Matrix<const T>& b, Transpose transpose)
    : inner_(transpose == Transpose::yes ? b.cols : b.rows),
      cols_(transpose == Transpose::yes ? b.rows : b.cols) {
  constexpr int64_t kCols = small::kBlockCols<T>;
  panels_ = Tensor({(cols_ + kCols - 1) / kCols, inner_, kCols}, dtype_of<T>());
  for (int64_t col = 0; col < cols_; col += kCols)
    small::pack_columns(b, transpose == Transpose::yes, col, std::min(kCols, cols_ - col), inner_,
                        panels_.data<T>() + col * inner_);
}

template <class T>
void PackedFactor::multiply(const Matrix<const T>& a, const T* bias, const Matrix<T>& c) const {
  CTR_ASSERT(a.cols == inner_ && c.cols == cols_ && a.rows == c.rows);
  constexpr int64_t kCols = small::kBlockCols<T>;
  const T* panels = panels_.data<T>();
  int64_t col = 0;
  for (; a.rows == 1 && col + kWide * kCols <= cols_; col += kWide * kCols) {
    T sums[kWide * kCols];
    one_row<T, kWide>(a.data, panels + col * inner_, inner_, sums);
    finish(sums, bias + col, kWide * kCols, c.data + col);
  }
  for (; col < cols_; col += kCols) {
    for (int64_t row = 0; row < a.rows; row += small::kBlockRows) {
      const int64_t rows = std::min<int64_t>(small::kBlockRows, a.rows - row);
      T sums[small::kBlockRows * kCols];
      small::block(rows, RowsBeside<T>{a.data + row * a.stride, a.stride}, panels + col * inner_,
                   kCols, inner_, sums, kCols);
      for (int64_t r = 0; r < rows; ++r)
        finish(sums + r * kCols, bias + col, std::min(kCols, cols_ - col),
               c.data + (row + r) * c.stride + col);
    }
  }
}

template PackedFactor::PackedFactor(const Matrix<const float>& b, Transpose transpose);
template PackedFactor::PackedFactor(const Matrix<const double>& b, Transpose transpose);
template void PackedFactor::multiply(const Matrix<const float>& a, const float* bias,
                                     const Matrix<float>& c) const;
template void PackedFactor::multiply(const Matrix<const double>& a, const double* bias,
                                     const Matrix<double>& c) const;

}  // namespace ctr
