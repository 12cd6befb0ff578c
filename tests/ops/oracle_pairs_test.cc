// Naive forward passes in double for operators over fields and their pairs, written from the
// formulas in ops/fields.

#include <gtest/gtest.h>

#include "ops/elementwise/elementwise.h"
#include "ops/fields/fields.h"
#include "ops/fields/pairs.h"
#include "ops/op_check.h"

namespace ctr {
namespace {

constexpr int kRows = 3, kFields = 4, kWidth = 11, kPairs = 6;

Var normal(const Shape& shape, uint64_t stream) {
  return Var(random_upstream(Tensor(shape, DType::f64), stream));
}
const double* data(const Var& x) { return x.value().data<double>(); }
double at(const Var& v, int b, int f, int d) { return data(v)[(b * kFields + f) * kWidth + d]; }

// Calls f(b, n, i, j) for each pair of each row.
template <class F>
void each_pair(const F& f) {
  for (int b = 0; b < kRows; ++b) {
    int n = 0;
    for (int i = 0; i < kFields; ++i) {
      for (int j = i + 1; j < kFields; ++j) f(b, n++, i, j);
    }
  }
}

TEST(PairOracle, InnerProducts) {
  Var v = normal({kRows, kFields, kWidth}, 1), w = normal({kPairs, kWidth}, 2);
  Var plain = pairwise_inner(v), weighted = pairwise_inner(v, w);
  each_pair([&](int b, int n, int i, int j) {
    double sum = 0, weighted_sum = 0;
    for (int d = 0; d < kWidth; ++d) {
      sum += at(v, b, i, d) * at(v, b, j, d);
      weighted_sum += at(v, b, i, d) * at(v, b, j, d) * data(w)[n * kWidth + d];
    }
    EXPECT_NEAR(data(plain)[b * kPairs + n], sum, 1e-13);
    EXPECT_NEAR(data(weighted)[b * kPairs + n], weighted_sum, 1e-13);
  });
}

TEST(PairOracle, HadamardPartsStandOneAfterAnother) {
  Var u = normal({kRows, kFields, kWidth}, 1), v = normal({kRows, kFields, kWidth}, 2);
  const std::vector<PairFactors> parts{{u, v}, {v, u}};
  Var y = pairwise_hadamard(parts);
  ASSERT_EQ(y.shape(), (Shape{kRows, 2 * kPairs, kWidth}));
  each_pair([&](int b, int n, int i, int j) {
    for (int d = 0; d < kWidth; ++d) {
      EXPECT_EQ(data(y)[(b * 2 * kPairs + n) * kWidth + d], at(u, b, i, d) * at(v, b, j, d));
      EXPECT_EQ(data(y)[(b * 2 * kPairs + kPairs + n) * kWidth + d],
                at(v, b, i, d) * at(u, b, j, d));
    }
  });
}

// (x_i M_n)_d
double left_product(const Var& x, const Var& m, int b, int n, int i, int d) {
  double sum = 0;
  for (int k = 0; k < kWidth; ++k) sum += at(x, b, i, k) * data(m)[(n * kWidth + k) * kWidth + d];
  return sum;
}

TEST(PairOracle, BilinearPartsStandOneAfterAnother) {
  Var x = normal({kRows, kFields, kWidth}, 1), m = normal({kPairs, kWidth, kWidth}, 2);
  Var z = normal({kRows, kFields, kWidth}, 3), k = normal({kPairs, kWidth, kWidth}, 4);
  const std::vector<PairBilinear> parts{{x, m}, {z, k}};
  Var y = pairwise_bilinear(parts);
  ASSERT_EQ(y.shape(), (Shape{kRows, 2 * kPairs, kWidth}));
  each_pair([&](int b, int n, int i, int j) {
    for (int d = 0; d < kWidth; ++d) {
      EXPECT_NEAR(data(y)[(b * 2 * kPairs + n) * kWidth + d],
                  left_product(x, m, b, n, i, d) * at(x, b, j, d), 1e-12);
      EXPECT_NEAR(data(y)[(b * 2 * kPairs + kPairs + n) * kWidth + d],
                  left_product(z, k, b, n, i, d) * at(z, b, j, d), 1e-12);
    }
  });
}

TEST(PairOracle, BilinearFormsInBothLayouts) {
  Var x = normal({kRows, kFields, kWidth}, 1), m = normal({kPairs, kWidth, kWidth}, 2);
  Tensor kernel({kWidth, kPairs, kWidth}, DType::f64);  // kernel[right, n, left]
  for (int n = 0; n < kPairs; ++n) {
    for (int left = 0; left < kWidth; ++left) {
      for (int right = 0; right < kWidth; ++right)
        kernel.data<double>()[(right * kPairs + n) * kWidth + left] =
            data(m)[(n * kWidth + left) * kWidth + right];
    }
  }
  Var y = pairwise_bilinear_inner(x, m);
  Var z = pairwise_bilinear_inner(x, Var(kernel), PairLayout::right_pair_left);
  each_pair([&](int b, int n, int i, int j) {
    double sum = 0;
    for (int d = 0; d < kWidth; ++d) sum += left_product(x, m, b, n, i, d) * at(x, b, j, d);
    EXPECT_NEAR(data(y)[b * kPairs + n], sum, 1e-12);
    EXPECT_NEAR(data(z)[b * kPairs + n], sum, 1e-12);
  });
}

TEST(PairOracle, FieldAwareVectorsMeetTheOneForTheOther) {
  Var e = normal({kRows, kFields, 3 * kWidth}, 1);
  Var y = field_aware_interaction(e);
  std::vector<double> sums(kRows);
  // Vector of field f for slot s.
  auto vector = [&](int b, int f, int s) { return data(e) + ((b * kFields + f) * 3 + s) * kWidth; };
  each_pair([&](int b, int, int i, int j) {
    for (int d = 0; d < kWidth; ++d)
      sums[static_cast<size_t>(b)] += vector(b, i, j - 1)[d] * vector(b, j, i)[d];
  });
  for (int b = 0; b < kRows; ++b) EXPECT_NEAR(data(y)[b], sums[static_cast<size_t>(b)], 1e-12);
}

TEST(PairOracle, BiInteractionIsTheSumOverPairs) {
  Var v = normal({kRows, kFields, kWidth}, 1);
  Var y = bi_interaction(v);
  std::vector<double> sums(kRows * kWidth);
  each_pair([&](int b, int, int i, int j) {
    for (int d = 0; d < kWidth; ++d)
      sums[static_cast<size_t>(b * kWidth + d)] += at(v, b, i, d) * at(v, b, j, d);
  });
  for (size_t k = 0; k < sums.size(); ++k) EXPECT_NEAR(data(y)[k], sums[k], 1e-13);
}

TEST(PairOracle, FieldsByFactorsAndMatricesOfTheirOwn) {
  Var v = normal({kRows, kFields, kWidth}, 1), a = normal({kRows, kFields}, 2);
  Var w = normal({kFields, kWidth, 2}, 3);
  Var scaled = scale_rows(v, a), product = field_matmul(v, w);
  for (int b = 0; b < kRows; ++b) {
    for (int f = 0; f < kFields; ++f) {
      for (int d = 0; d < kWidth; ++d)
        EXPECT_EQ(at(scaled, b, f, d), data(a)[b * kFields + f] * at(v, b, f, d));
      for (int e = 0; e < 2; ++e) {
        double sum = 0;
        for (int d = 0; d < kWidth; ++d) sum += at(v, b, f, d) * data(w)[(f * kWidth + d) * 2 + e];
        EXPECT_NEAR(data(product)[(b * kFields + f) * 2 + e], sum, 1e-13);
      }
    }
  }
}

}  // namespace
}  // namespace ctr
