#include "engine/packed_factor.h"

#include <cstring>
#include <type_traits>

#include <gtest/gtest.h>

#include "engine/rng.h"

namespace ctr {
namespace {

template <class T>
Tensor numbers(const Shape& shape, uint64_t stream) {
  Tensor tensor(shape, dtype_of<T>());
  const RandomStream random{1, stream, 0};
  for (int64_t i = 0; i < tensor.count(); ++i)
    tensor.data<T>()[i] = static_cast<T>(random.normal(static_cast<uint64_t>(i)));
  return tensor;
}

template <class T>
Tensor product(const PackedFactor& factor, const Tensor& a, const Tensor& bias) {
  Tensor c({a.dim(0), factor.cols()}, a.dtype());
  factor.multiply({a.data<T>(), a.dim(0), a.dim(1), a.dim(1)}, bias.data<T>(),
                  Matrix<T>{c.data<T>(), c.dim(0), c.dim(1), c.dim(1)});
  return c;
}

// Textbook sums in double, both ways of the factor, and each row by itself to the bit.
template <class T>
void check(int64_t rows, int64_t inner, int64_t cols) {
  const Tensor a = numbers<T>({rows, inner}, 1), b = numbers<T>({inner, cols}, 2);
  const Tensor bias = numbers<T>({cols}, 3);
  Tensor turned({cols, inner}, b.dtype());
  for (int64_t i = 0; i < inner; ++i)
    for (int64_t j = 0; j < cols; ++j) turned.data<T>()[j * inner + i] = b.data<T>()[i * cols + j];
  const PackedFactor factor(Matrix<const T>{b.data<T>(), inner, cols, cols}, Transpose::no);
  const PackedFactor other(Matrix<const T>{turned.data<T>(), cols, inner, inner}, Transpose::yes);
  const Tensor c = product<T>(factor, a, bias);
  const double tolerance = std::is_same_v<T, float> ? 1e-4 : 1e-12;
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t j = 0; j < cols; ++j) {
      double sum = bias.data<T>()[j];
      for (int64_t i = 0; i < inner; ++i)
        sum += double{a.data<T>()[r * inner + i]} * double{b.data<T>()[i * cols + j]};
      EXPECT_NEAR(c.data<T>()[r * cols + j], sum, tolerance) << rows << ' ' << inner << ' ' << cols;
    }
    const Tensor alone = product<T>(factor, a.rows(r, r + 1), bias);
    EXPECT_EQ(std::memcmp(alone.raw(), c.rows(r, r + 1).raw(), static_cast<size_t>(alone.bytes())),
              0);
  }
  const Tensor same = product<T>(other, a, bias);
  EXPECT_EQ(std::memcmp(same.raw(), c.raw(), static_cast<size_t>(c.bytes())), 0);
}

TEST(PackedFactor, IsThePlainProduct) {
  for (int64_t rows : {1, 2, 3, 4, 5, 9})
    for (int64_t inner : {1, 7, 24})
      for (int64_t cols : {1, 8, 15, 16, 20, 64, 70, 131}) {
        check<float>(rows, inner, cols);
        check<double>(rows, inner, cols);
      }
}

}  // namespace
}  // namespace ctr
