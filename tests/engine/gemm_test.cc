// Products in f32 against textbook ones in f64, at sizes that take each way through oneDNN.

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "engine/linalg.h"
#include "engine/parallel.h"
#include "engine/rng.h"
#include "engine/tensor.h"

namespace ctr {
namespace {

struct Case {
  const char* name;
  int64_t rows, cols, inner;
  bool transpose_a, transpose_b, bias, relu, add = false;
};

Tensor random_matrix(int64_t rows, int64_t cols, uint64_t stream) {
  Tensor result({rows, cols}, DType::f32);
  const RandomStream random{7, stream, 0};
  for (int64_t i = 0; i < result.count(); ++i)
    result.data<float>()[i] = static_cast<float>(random.normal(static_cast<uint64_t>(i)));
  return result;
}

template <class T>
Tensor product(const Case& c, const Tensor& a, const Tensor& b, const Tensor& bias) {
  Tensor result = random_matrix(c.rows, c.cols, 4).cast(a.dtype());
  auto view = [](const Tensor& t) {
    return Matrix<const T>{t.data<T>(), t.dim(0), t.dim(1), t.dim(1)};
  };
  gemm(Device::cpu, view(a), c.transpose_a ? Transpose::yes : Transpose::no, view(b),
       c.transpose_b ? Transpose::yes : Transpose::no,
       Matrix<T>{result.data<T>(), c.rows, c.cols, c.cols},
       Epilogue<T>{c.bias ? bias.data<T>() : nullptr, c.relu, c.add});
  return result;
}

class GemmShapes : public testing::TestWithParam<Case> {};

TEST_P(GemmShapes, AgreesWithTextbookSums) {
  const Case& c = GetParam();
  const Tensor a =
      random_matrix(c.transpose_a ? c.inner : c.rows, c.transpose_a ? c.rows : c.inner, 1);
  const Tensor b =
      random_matrix(c.transpose_b ? c.cols : c.inner, c.transpose_b ? c.inner : c.cols, 2);
  const Tensor bias = random_matrix(1, c.cols, 3);
  const Tensor found = product<float>(c, a, b, bias);
  const Tensor expected =
      product<double>(c, a.cast(DType::f64), b.cast(DType::f64), bias.cast(DType::f64));
  const double allowed = 1e-6 * std::sqrt(static_cast<double>(c.inner)) * 10;
  double worst = 0;
  for (int64_t i = 0; i < found.count(); ++i)
    worst = std::max(worst, std::abs(found.data<float>()[i] - expected.data<double>()[i]));
  EXPECT_LT(worst, allowed);
}

INSTANTIATE_TEST_SUITE_P(
    All, GemmShapes,
    testing::Values(Case{"small", 33, 17, 9, false, true, true, true},
                    Case{"packed", 1003, 264, 256, false, true, true, true},
                    Case{"packed_without_bias", 1000, 256, 264, false, false, false, false},
                    Case{"packed_relu_alone", 1024, 256, 256, false, true, false, true},
                    Case{"added", 33, 17, 9, false, true, true, true, true},
                    Case{"added_packed", 1003, 264, 256, false, true, true, true, true},
                    Case{"added_alone", 1000, 264, 256, false, false, false, false, true},
                    Case{"added_transposed", 264, 256, 1000, true, false, false, false, true},
                    Case{"odd_inner_size", 1000, 256, 257, false, true, true, true},
                    Case{"odd_columns", 1000, 257, 256, false, false, true, false},
                    Case{"transposed", 264, 256, 1000, true, false, false, false},
                    Case{"transposed_power_of_two", 512, 256, 512, true, false, false, false}),
    [](const auto& info) { return info.param.name; });

// What a thread makes for itself within a loop of several.
TEST(GemmHere, IsTheSameProduct) {
  constexpr int64_t kLoops = 4;
  const Case c{"here", 40, 24, 130, true, false, true, false, true};
  const Tensor a = random_matrix(c.inner, c.rows, 1), b = random_matrix(c.inner, c.cols, 2);
  const Tensor bias = random_matrix(1, c.cols, 3);
  const Tensor expected =
      product<double>(c, a.cast(DType::f64), b.cast(DType::f64), bias.cast(DType::f64));
  std::vector<Tensor> found;
  for (int64_t i = 0; i < kLoops; ++i) found.push_back(random_matrix(c.rows, c.cols, 4));
  parallel_for(kLoops, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      gemm_here(Device::cpu, {a.data<float>(), c.inner, c.rows, c.rows}, Transpose::yes,
                {b.data<float>(), c.inner, c.cols, c.cols}, Transpose::no,
                {found[static_cast<size_t>(i)].data<float>(), c.rows, c.cols, c.cols},
                {bias.data<float>(), false, true});
  });
  for (const Tensor& one : found)
    for (int64_t i = 0; i < one.count(); ++i) {
      EXPECT_NEAR(one.data<float>()[i], expected.data<double>()[i], 1e-4) << i;
      EXPECT_EQ(one.data<float>()[i], found[0].data<float>()[i]) << i;
    }
}

}  // namespace
}  // namespace ctr
