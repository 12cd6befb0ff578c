// Naive forward passes in double, written from the headers' formulas, and published numbers: the
// operators over domains.

#include <cmath>

#include <gtest/gtest.h>

#include "ops/elementwise/elementwise.h"
#include "ops/linear/linear.h"
#include "ops/norm/partitioned_norm.h"
#include "ops/op_check.h"

namespace ctr {
namespace {

Var normal(const Shape& shape, uint64_t stream) {
  return Var(random_upstream(Tensor(shape, DType::f64), stream));
}
const double* data(const Var& x) { return x.value().data<double>(); }
Tensor ints(std::vector<int64_t> values) {
  return Tensor::from({static_cast<int64_t>(values.size())}, values);
}
Tensor numbers(const Shape& shape, const std::vector<double>& values) {
  return Tensor::from<double>(shape, values);
}
// sin(a + k), k = 0, 1, …
Tensor sines(double a, const Shape& shape) {
  Tensor result(shape, DType::f64);
  for (int64_t k = 0; k < result.count(); ++k)
    result.data<double>()[k] = std::sin(a + static_cast<double>(k));
  return result;
}
void expect_near(const Tensor& found, const std::vector<double>& expected, double error) {
  ASSERT_EQ(found.count(), static_cast<int64_t>(expected.size()));
  for (int64_t i = 0; i < found.count(); ++i)
    EXPECT_NEAR(found.data<double>()[i], expected[static_cast<size_t>(i)], error) << i;
}

const std::vector<int64_t> kOf{2, 0, 2, 3, 0, 2};  // no row of domain 1, one of domain 3

TEST(OracleDomains, EachDomainIsNormalisedByItself) {
  constexpr int64_t kRows = 6, kCols = 3;
  Var x = normal({kRows, kCols}, 1), gamma = normal({kCols}, 2), beta = normal({kCols}, 3);
  Var domain_gamma = normal({4, kCols}, 4), domain_beta = normal({4, kCols}, 5);
  Var y = partitioned_norm(x, {gamma, beta, domain_gamma, domain_beta}, group_rows(ints(kOf), 4),
                           nullptr, 0.01);
  for (int64_t b = 0; b < kRows; ++b) {
    const int64_t d = kOf[static_cast<size_t>(b)];
    for (int64_t c = 0; c < kCols; ++c) {
      double count = 0, mean = 0, square = 0;
      for (int64_t other = 0; other < kRows; ++other) {
        if (kOf[static_cast<size_t>(other)] != d) continue;
        const double value = data(x)[other * kCols + c];
        count += 1;
        mean += value;
        square += value * value;
      }
      mean /= count;
      const double deviation = std::sqrt(square / count - mean * mean + 0.01);
      const double normal = (data(x)[b * kCols + c] - mean) / deviation;
      EXPECT_NEAR(data(y)[b * kCols + c],
                  data(gamma)[c] * data(domain_gamma)[d * kCols + c] * normal + data(beta)[c] +
                      data(domain_beta)[d * kCols + c],
                  1e-12);
    }
  }
}

TEST(OracleDomains, PartitionedNormGivesPublishedNumbers) {
  Tape tape;
  const PartitionedAffine affine{Var(numbers({2}, {1.2, .8})), Var(numbers({2}, {.1, -.1})),
                                 Var(numbers({1, 2}, {1.5, .5})), Var(numbers({1, 2}, {.05, .2}))};
  RunningDomains running{{Tensor::zeros({1, 2}, DType::f64), Tensor::zeros({1, 2}, DType::f64)},
                         Tensor::zeros({1}, DType::i64)};
  Var y =
      partitioned_norm(Var(sines(5, {4, 2})), affine, group_rows(ints({0, 0, 0, 0}), 1), &running);
  expect_near(y.value(),
              {-1.588025, -.017730, 2.225417, .782111, 1.647545, -.184538, -1.684938, -.179843},
              1e-6);
  expect_near(running.running.mean, {-.222452, -.092663}, 1e-6);
  expect_near(running.running.variance, {.580762, .401607}, 1e-6);
}

// Two batches with means .3 and .5 in domain 1, and one of domain 0 alone between them.
TEST(OracleDomains, RunningStatisticsForgetWhereTheyBegan) {
  const PartitionedAffine affine{Var(numbers({1}, {1})), Var(numbers({1}, {0})),
                                 Var(numbers({2, 1}, {1, 1})), Var(numbers({2, 1}, {0, 0}))};
  RunningDomains kept{{Tensor::zeros({2, 1}, DType::f64), Tensor::full({2, 1}, DType::f64, 1)},
                      Tensor::zeros({2}, DType::i64)};
  auto train = [&](std::vector<double> x, int64_t domain) {
    partitioned_norm(Var(numbers({2, 1}, x)), affine, group_rows(ints({domain, domain}), 2), &kept);
  };
  train({.2, .4}, 1);
  expect_near(kept.running.mean, {0, .3}, 1e-15);
  expect_near(kept.running.variance, {1, .01}, 1e-15);
  train({7, 9}, 0);
  train({.2, .8}, 1);
  expect_near(kept.running.mean, {8, .4005025125628141}, 1e-12);  // (.99 · .003 + .005) / .0199
  EXPECT_EQ(kept.steps.data<int64_t>()[0], 1);
  EXPECT_EQ(kept.steps.data<int64_t>()[1], 2);

  Var y = partitioned_norm_evaluated(Var(numbers({2, 1}, {8, 1})), affine,
                                     group_rows(ints({0, 1}), 2), kept.running, 0);
  const double variance = kept.running.variance.data<double>()[1];
  expect_near(y.value(), {0, (1 - .4005025125628141) / std::sqrt(variance)}, 1e-12);
}

TEST(OracleDomains, EachRowByItsGroupsLayer) {
  constexpr int64_t kRows = 6, kIn = 3, kOut = 2;
  Var x = normal({kRows, kIn}, 1), w = normal({4, kOut, kIn}, 2), bias = normal({4, kOut}, 3);
  Var y = grouped_linear(x, w, bias, group_rows(ints(kOf), 4), Activation::relu);
  for (int64_t b = 0; b < kRows; ++b) {
    const int64_t g = kOf[static_cast<size_t>(b)];
    for (int64_t o = 0; o < kOut; ++o) {
      double sum = data(bias)[g * kOut + o];
      for (int64_t i = 0; i < kIn; ++i)
        sum += data(x)[b * kIn + i] * data(w)[(g * kOut + o) * kIn + i];
      EXPECT_NEAR(data(y)[b * kOut + o], std::max(0.0, sum), 1e-14);
    }
  }
}

// The matrices of the published numbers are [in, out]; ours are their transposes.
Tensor transposed(const Tensor& x) {
  Tensor y({x.dim(1), x.dim(0)}, DType::f64);
  for (int64_t i = 0; i < x.dim(0); ++i) {
    for (int64_t j = 0; j < x.dim(1); ++j)
      y.data<double>()[j * x.dim(0) + i] = x.data<double>()[i * x.dim(1) + j];
  }
  return y;
}

TEST(OracleDomains, StarLayerGivesPublishedNumbers) {
  Tape tape;
  Var w = tape.variable(transposed(sines(20, {3, 2})));
  Var domain_w = tape.variable(transposed(sines(70, {3, 2})).reshaped({1, 2, 3}));
  Var bias = Var(sines(33, {1, 2})) + Var(sines(30, {2}));
  const RowGroups one = group_rows(ints({0, 0}), 1);
  Var z = grouped_linear(Var(sines(1, {2, 3})), domain_w * w, bias, one);
  expect_near(z.value(), {.730250, 1.322604, -.769935, -1.040662}, 1e-6);
  Var y = grouped_linear(Var(sines(1, {2, 3})), domain_w * w, bias, one, Activation::relu);
  const Gradients gradients = backward(y, {.upstream = Tensor::full({2, 2}, DType::f64, 1),
                                           .retain = false,
                                           .stop_at = {},
                                           .only = {}});
  expect_near(transposed(gradients[w].dense()),
              {.651207, .800285, .230801, -.615387, -.139024, -.054724}, 1e-6);
  expect_near(transposed(gradients[domain_w].dense().reshaped({2, 3})),
              {.768217, .704021, -.008048, -.769466, -.127795, -.018677}, 1e-6);
}

}  // namespace
}  // namespace ctr
