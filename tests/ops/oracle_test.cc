// Naive forward passes in double, written from the headers' formulas, for operators without a
// golden file.

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "ops/activation/activation.h"
#include "ops/elementwise/elementwise.h"
#include "ops/fields/fields.h"
#include "ops/gather/gather.h"
#include "ops/linear/linear.h"
#include "ops/norm/norm.h"
#include "ops/op_check.h"
#include "ops/reduce/reduce.h"
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

TEST(Oracle, InteractionsAreTheSumOverPairs) {
  Var v = normal({2, 3, 4}, 1);
  Var fm = fm_second_order(v);
  for (int b = 0; b < 2; ++b) {
    double pairs = 0;
    for (int i = 0; i < 3; ++i) {
      for (int j = i + 1; j < 3; ++j) {
        for (int d = 0; d < 4; ++d)
          pairs += data(v)[(b * 3 + i) * 4 + d] * data(v)[(b * 3 + j) * 4 + d];
      }
    }
    EXPECT_NEAR(data(fm)[b], pairs, 1e-13);
  }
}

double naive(const std::string& name, double x) {
  const double t = std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x));
  if (name == "leaky_relu") return x > 0 ? x : 0.01 * x;
  if (name == "gelu_tanh") return 0.5 * x * (1 + t);
  return std::log(std::fabs(x));
}

TEST(Oracle, CurvesWithoutGoldenFiles) {
  Var x = normal({50}, 1);
  const Var magnitude = x * x;
  for (const auto& [name, y] :
       {std::pair<std::string, Var>{"leaky_relu", activate(x, Activation::leaky_relu)},
        {"gelu_tanh", activate(x, Activation::gelu_tanh)},
        {"log", log(magnitude)}}) {
    for (int i = 0; i < 50; ++i) {
      const double in = name == "log" ? data(magnitude)[i] : data(x)[i];
      EXPECT_NEAR(data(y)[i], naive(name, in), 1e-14) << name;
    }
  }
}

TEST(Oracle, ReductionsOverTheMiddleAxis) {
  Var x = normal({2, 3, 4}, 1);
  Var s = sum(x, 1), m = mean(x, 1), top = max(x, 1);
  for (int b = 0; b < 2; ++b) {
    for (int d = 0; d < 4; ++d) {
      const double v[] = {data(x)[b * 12 + d], data(x)[b * 12 + 4 + d], data(x)[b * 12 + 8 + d]};
      EXPECT_NEAR(data(s)[b * 4 + d], v[0] + v[1] + v[2], 1e-14);
      EXPECT_NEAR(data(m)[b * 4 + d], (v[0] + v[1] + v[2]) / 3, 1e-14);
      EXPECT_EQ(data(top)[b * 4 + d], std::max({v[0], v[1], v[2]}));
    }
  }
}

TEST(Oracle, GroupsOfALayerNormAreRowsOfTheirOwn) {
  Var x = normal({2, 6}, 1), gamma = normal({6}, 2), beta = normal({6}, 3);
  Var y = layer_norm(x, gamma, beta, 1e-5, 2);
  for (int row = 0; row < 4; ++row) {  // rows of three
    const double* in = data(x) + row * 3;
    const double mu = (in[0] + in[1] + in[2]) / 3;
    double variance = 0;
    for (int k = 0; k < 3; ++k) variance += (in[k] - mu) * (in[k] - mu) / 3;
    for (int k = 0; k < 3; ++k) {
      const int at = row % 2 * 3 + k;
      EXPECT_NEAR(data(y)[row * 3 + k],
                  data(gamma)[at] * (in[k] - mu) / std::sqrt(variance + 1e-5) + data(beta)[at],
                  1e-13);
    }
  }
}

TEST(Oracle, RunningStatisticsFollowTheBatches) {
  RunningStatistics running{Tensor::zeros({2}, DType::f64), Tensor::full({2}, DType::f64, 1)};
  Var x(Tensor::from<double>({4, 2}, std::vector<double>{1, 2, 3, 4, 5, 6, 7, 12}));
  batch_norm(x, Var(), Var(), &running);
  EXPECT_NEAR(running.mean.data<double>()[0], 0.1 * 4, 1e-14);
  EXPECT_NEAR(running.mean.data<double>()[1], 0.1 * 6, 1e-14);
  EXPECT_NEAR(running.variance.data<double>()[0], 0.9 + 0.1 * 20.0 / 3, 1e-14);  // unbiased
  EXPECT_NEAR(running.variance.data<double>()[1], 0.9 + 0.1 * 56.0 / 3, 1e-14);
  Var y = batch_norm_evaluated(x, Var(), Var(), running);
  EXPECT_NEAR(data(y)[0], (1 - 0.4) / std::sqrt(0.9 + 0.1 * 20.0 / 3 + 1e-5), 1e-14);
}

TEST(Oracle, SwapMiddleMovesRows) {
  Var x = normal({2, 3, 4, 5}, 1);
  Var y = swap_middle(x);
  for (int a = 0; a < 2; ++a) {
    for (int b = 0; b < 3; ++b) {
      for (int c = 0; c < 4; ++c)
        EXPECT_EQ(data(y)[((a * 4 + c) * 3 + b) * 5 + 2], data(x)[((a * 3 + b) * 4 + c) * 5 + 2]);
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
