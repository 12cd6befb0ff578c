// Naive forward passes in double, written from the headers' formulas, for operators without a
// golden file.

#include <cmath>

#include <gtest/gtest.h>

#include "ops/elementwise/elementwise.h"
#include "ops/fields/fields.h"
#include "ops/gather/gather.h"
#include "ops/linear/linear.h"
#include "ops/op_check.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

Var normal(const Shape& shape, uint64_t stream) {
  return Var(random_upstream(Tensor(shape, DType::f64), stream));
}
const double* data(const Var& x) { return x.value().data<double>(); }

TEST(Oracle, AddAndMultiplyRepeatTheirSecondInput) {
  Var a = normal({4, 3}, 1), b = normal({3}, 2);
  Var sum = a + b, product = a * b;
  for (int i = 0; i < 12; ++i) {
    EXPECT_EQ(data(sum)[i], data(a)[i] + data(b)[i % 3]);
    EXPECT_EQ(data(product)[i], data(a)[i] * data(b)[i % 3]);
  }
}

TEST(Oracle, ConcatAndSplitAreInverse) {
  Var a = normal({2, 3, 2}, 1), b = normal({2, 1, 2}, 2);
  Var whole = concat({a, b}, 1);
  for (int row = 0; row < 2; ++row) {
    for (int k = 0; k < 6; ++k) EXPECT_EQ(data(whole)[row * 8 + k], data(a)[row * 6 + k]);
    for (int k = 0; k < 2; ++k) EXPECT_EQ(data(whole)[row * 8 + 6 + k], data(b)[row * 2 + k]);
  }
  std::vector<int64_t> sizes{3, 1};
  std::vector<Var> parts = split(whole, sizes, 1);
  for (int k = 0; k < 12; ++k) EXPECT_EQ(data(parts[0])[k], data(a)[k]);
}

TEST(Oracle, GatherFieldsReadsItsTables) {
  Var a = normal({3, 2}, 1), b = normal({5, 2}, 2);
  std::vector<Lookup> lookups{{a, Tensor::from<int64_t>({2}, std::vector<int64_t>{2, 0})},
                              {b, Tensor::from<int64_t>({2}, std::vector<int64_t>{4, 1})}};
  Var y = gather_fields(lookups);
  for (int k = 0; k < 2; ++k) {
    EXPECT_EQ(data(y)[k], data(a)[4 + k]);
    EXPECT_EQ(data(y)[2 + k], data(b)[8 + k]);
    EXPECT_EQ(data(y)[4 + k], data(a)[k]);
    EXPECT_EQ(data(y)[6 + k], data(b)[2 + k]);
  }
}

TEST(Oracle, RowMatmulUsesEachRowsMatrix) {
  Var h = normal({3, 4}, 1), w = normal({3, 4, 2}, 2);
  Var y = row_matmul(h, w, 2);
  for (int b = 0; b < 3; ++b) {
    for (int m = 0; m < 2; ++m) {
      double sum = 0;
      for (int n = 0; n < 4; ++n) sum += data(h)[b * 4 + n] * data(w)[(b * 4 + n) * 2 + m];
      EXPECT_NEAR(data(y)[b * 2 + m], sum, 1e-14);
    }
  }
}

TEST(Oracle, SumFieldsAndInteractions) {
  Var v = normal({2, 3, 4}, 1);
  Var sum = sum_fields(v), fm = fm_second_order(v);
  for (int b = 0; b < 2; ++b) {
    double pairs = 0;
    for (int i = 0; i < 3; ++i) {
      for (int j = i + 1; j < 3; ++j) {
        for (int d = 0; d < 4; ++d)
          pairs += data(v)[(b * 3 + i) * 4 + d] * data(v)[(b * 3 + j) * 4 + d];
      }
    }
    EXPECT_NEAR(data(fm)[b], pairs, 1e-13);
    for (int d = 0; d < 4; ++d) {
      EXPECT_NEAR(data(sum)[b * 4 + d],
                  data(v)[b * 12 + d] + data(v)[b * 12 + 4 + d] + data(v)[b * 12 + 8 + d], 1e-14);
    }
  }
}

TEST(Oracle, DropoutKeepsTheShareItSays) {
  Var x = Var(Tensor::full({100000}, DType::f64, 1));
  Var y = dropout(x, 0.3, {1, 2, 3});
  int64_t kept = 0;
  for (int64_t i = 0; i < 100000; ++i) {
    ASSERT_TRUE(data(y)[i] == 0 || std::fabs(data(y)[i] - 1 / 0.7) < 1e-12);
    kept += data(y)[i] != 0;
  }
  EXPECT_NEAR(static_cast<double>(kept), 70000, 600);
}

}  // namespace
}  // namespace ctr
