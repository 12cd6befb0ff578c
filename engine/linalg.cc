#include "engine/linalg.h"

#include <algorithm>
#include <type_traits>

#include "engine/check.h"
#include "engine/onednn/gemm.h"
#include "engine/parallel.h"
#include "engine/profile.h"
#include "engine/reference_gemm.h"
#include "engine/small_gemm.h"

namespace ctr {
namespace {

template <class T>
void check(const Matrix<const T>& a, Transpose transpose_a, const Matrix<const T>& b,
           Transpose transpose_b, const Matrix<T>& c) {
  int64_t rows = transpose_a == Transpose::yes ? a.cols : a.rows;
  int64_t inner = transpose_a == Transpose::yes ? a.rows : a.cols;
  int64_t inner_b = transpose_b == Transpose::yes ? b.cols : b.rows;
  int64_t cols = transpose_b == Transpose::yes ? b.rows : b.cols;
  CTR_CHECK(inner == inner_b && c.rows == rows && c.cols == cols,
            "gemm: [{},{}] x [{},{}] does not fit [{},{}]", rows, inner, inner_b, cols, c.rows,
            c.cols);
  CTR_CHECK(a.stride >= a.cols && b.stride >= b.cols && c.stride >= c.cols,
            "gemm: strides {}, {}, {} must not be smaller than the columns {}, {}, {}", a.stride,
            b.stride, c.stride, a.cols, b.cols, c.cols);
}

void check_device(Device device) {
  if (device != Device::cpu) {
    fail(ErrorKind::device, "gemm: this build has no products on device {}", name_of(device));
  }
}

template <class T>
Product product_of(const Matrix<const T>& a, Transpose transpose_a, Transpose transpose_b,
                   const Matrix<T>& c, int64_t batch) {
  const bool ta = transpose_a == Transpose::yes;
  return {c.rows, c.cols, ta ? a.rows : a.cols, batch, ta, transpose_b == Transpose::yes};
}

// By the library in one piece or in several, if it can.
enum class Pieces : bool { one, several };

template <class T>
void multiply(Pieces pieces, const Matrix<const T>& a, Transpose transpose_a,
              const Matrix<const T>& b, Transpose transpose_b, const Matrix<T>& c,
              const Epilogue<T>& epilogue) {
  const bool empty = (transpose_a == Transpose::yes ? a.rows : a.cols) == 0;
  if constexpr (std::is_same_v<T, float>) {
    if (!empty) {
      return pieces == Pieces::one ? onednn::gemm_here(a, transpose_a, b, transpose_b, c, epilogue)
                                   : onednn::gemm(a, transpose_a, b, transpose_b, c, epilogue);
    }
  }
  reference::gemm(a, transpose_a, b, transpose_b, c, epilogue);  // oneDNN refuses empty sums
}

template <class T>
void one(Device device, Pieces pieces, const Matrix<const T>& a, Transpose transpose_a,
         const Matrix<const T>& b, Transpose transpose_b, const Matrix<T>& c,
         const Epilogue<T>& epilogue) {
  check_device(device);
  check(a, transpose_a, b, transpose_b, c);
  if (c.rows == 0 || c.cols == 0) return;
  if (pieces == Pieces::one) return multiply(pieces, a, transpose_a, b, transpose_b, c, epilogue);
  const MeasuredProduct measured(product_of(a, transpose_a, transpose_b, c, 1));
  multiply(pieces, a, transpose_a, b, transpose_b, c, epilogue);
}

template <class T>
void batched(Device device, int64_t batch, const Matrix<const T>& a, Transpose transpose_a,
             const Matrix<const T>& b, Transpose transpose_b, const Matrix<T>& c) {
  check_device(device);
  check(a, transpose_a, b, transpose_b, c);
  constexpr int64_t kSmall = int64_t{1} << 18;  // multiply-adds of a product
  const int64_t inner = transpose_a == Transpose::yes ? a.rows : a.cols;
  const int64_t work = c.rows * c.cols * std::max<int64_t>(1, inner);
  auto slice = [](auto matrix, int64_t index) {
    matrix.data += index * matrix.rows * matrix.stride;
    return matrix;
  };
  if (work > kSmall) {  // each is measured by itself
    for (int64_t i = 0; i < batch; ++i)
      gemm(device, slice(a, i), transpose_a, slice(b, i), transpose_b, slice(c, i));
    return;
  }
  const MeasuredProduct measured(product_of(a, transpose_a, transpose_b, c, batch));
  parallel_rows(batch, work, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      small::gemm<T>(slice(a, i), transpose_a, slice(b, i), transpose_b, slice(c, i));
  });
}

}  // namespace

void batched_gemm(Device device, int64_t batch, Matrix<const float> a, Transpose transpose_a,
                  Matrix<const float> b, Transpose transpose_b, Matrix<float> c) {
  batched(device, batch, a, transpose_a, b, transpose_b, c);
}

void batched_gemm(Device device, int64_t batch, Matrix<const double> a, Transpose transpose_a,
                  Matrix<const double> b, Transpose transpose_b, Matrix<double> c) {
  batched(device, batch, a, transpose_a, b, transpose_b, c);
}

void gemm(Device device, Matrix<const float> a, Transpose transpose_a, Matrix<const float> b,
          Transpose transpose_b, Matrix<float> c, const Epilogue<float>& epilogue) {
  one(device, Pieces::several, a, transpose_a, b, transpose_b, c, epilogue);
}

void gemm(Device device, Matrix<const double> a, Transpose transpose_a, Matrix<const double> b,
          Transpose transpose_b, Matrix<double> c, const Epilogue<double>& epilogue) {
  one(device, Pieces::several, a, transpose_a, b, transpose_b, c, epilogue);
}

void gemm_here(Device device, Matrix<const float> a, Transpose transpose_a, Matrix<const float> b,
               Transpose transpose_b, Matrix<float> c, const Epilogue<float>& epilogue) {
  one(device, Pieces::one, a, transpose_a, b, transpose_b, c, epilogue);
}

void gemm_here(Device device, Matrix<const double> a, Transpose transpose_a, Matrix<const double> b,
               Transpose transpose_b, Matrix<double> c, const Epilogue<double>& epilogue) {
  one(device, Pieces::one, a, transpose_a, b, transpose_b, c, epilogue);
}

}  // namespace ctr
