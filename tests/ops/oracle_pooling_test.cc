// Attention pooling: naive forms in double, written from the header's formulas, and published
// numbers.

#include <cmath>

#include <gtest/gtest.h>

#include "ops/op_check.h"
#include "ops/pooling/pooling.h"

namespace ctr {
namespace {

constexpr int64_t kRows = 4, kPlaces = 5, kWidth = 2, kOut = 3;

Var normal(const Shape& shape, uint64_t stream) {
  return Var(random_upstream(Tensor(shape, DType::f64), stream));
}
const double* data(const Var& x) { return x.value().data<double>(); }

// The last row keeps no place.
Tensor mask() {
  return Tensor::from<int64_t>(
      {kRows, kPlaces},
      std::vector<int64_t>{1, 1, 0, 1, 1, 0, 1, 1, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0});
}
bool kept(int64_t b, int64_t t) { return mask().data<int64_t>()[b * kPlaces + t] != 0; }

double kernel(AttentionKernel kind, double squared) {
  if (kind == AttentionKernel::gaussian) return std::exp(-0.5 * squared);
  if (kind == AttentionKernel::boxcar) return std::sqrt(squared) <= 1 ? 1 : 0;
  return std::max(0.0, 1 - squared);
}

class OraclePooling : public testing::TestWithParam<AttentionKernel> {};

TEST_P(OraclePooling, IsTheMeanByTheKernelsWeights) {
  Var q = normal({kRows, kWidth}, 1), k = normal({kRows, kPlaces, kWidth}, 2);
  Var v = normal({kRows, kPlaces, kOut}, 3), w = normal({kWidth}, 4);
  Var y = kernel_attention_pooling(q, k, v, mask(), GetParam(), w);
  for (int64_t b = 0; b < kRows; ++b) {
    double weight[kPlaces] = {}, sum = 0, places = 0;
    for (int64_t t = 0; t < kPlaces; ++t) {
      double squared = 0;
      for (int64_t d = 0; d < kWidth; ++d)
        squared += std::pow(
            data(w)[d] * (data(q)[b * kWidth + d] - data(k)[(b * kPlaces + t) * kWidth + d]), 2);
      weight[t] = kept(b, t) ? kernel(GetParam(), squared) : 0;
      sum += weight[t];
      places += kept(b, t);
    }
    for (int64_t o = 0; o < kOut; ++o) {
      double expected = 0;
      for (int64_t t = 0; t < kPlaces; ++t) {
        const double share = sum > 0 ? weight[t] / sum : kept(b, t) ? 1 / places : 0;
        expected += share * data(v)[(b * kPlaces + t) * kOut + o];
      }
      EXPECT_NEAR(data(y)[b * kOut + o], expected, 1e-12);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, OraclePooling,
                         testing::Values(AttentionKernel::gaussian, AttentionKernel::boxcar,
                                         AttentionKernel::epanechnikov));

Tensor numbers(const Shape& shape, const std::vector<double>& values) {
  return Tensor::from<double>(shape, values);
}

// Far from every key: the places that the mask keeps weigh the same, and nothing flows back.
TEST(KernelPooling, IsUniformWhereAllKernelsVanish) {
  for (const AttentionKernel kind : {AttentionKernel::boxcar, AttentionKernel::epanechnikov}) {
    Tape tape;
    Var q = tape.variable(numbers({1, 1}, {9}));
    Var v = tape.variable(numbers({1, 3, 1}, {1, 2, 6}));
    Var y = kernel_attention_pooling(q, Var(numbers({1, 3, 1}, {0, 1, 2})), v,
                                     Tensor::from<int64_t>({1, 3}, std::vector<int64_t>{1, 0, 1}),
                                     kind);
    EXPECT_DOUBLE_EQ(data(y)[0], 3.5);
    const Gradients gradients = backward(y);
    EXPECT_TRUE(gradients[q].empty() || gradients[q].dense().data<double>()[0] == 0);
    const Tensor dv = gradients[v].dense();
    for (int64_t t = 0; t < 3; ++t) EXPECT_EQ(dv.data<double>()[t], t == 1 ? 0 : 0.5);
  }
}

TEST(KernelPooling, GaussianGivesPublishedNumbers) {
  Var q(numbers({1, 1}, {.2})), keys(numbers({1, 3, 1}, {-1, 0, .5}));
  Var values(numbers({1, 3, 2}, {1, 0, 0, 1, 2, 1}));
  struct Expected {
    double w;
    std::vector<double> a, f;
  };
  for (const Expected& one : {Expected{1, {.200893, .404548, .394560}, {.990012, .799107}},
                              Expected{2, {.030936, .508738, .460325}, {.951587, .969064}}}) {
    Var w(numbers({1}, {one.w}));
    Var a = kernel_weights(squared_distances(q, keys, w), Tensor(), AttentionKernel::gaussian);
    Var f = kernel_attention_pooling(q, keys, values, Tensor(), AttentionKernel::gaussian, w);
    for (size_t t = 0; t < 3; ++t) EXPECT_NEAR(data(a)[t], one.a[t], 1e-6);
    for (size_t o = 0; o < 2; ++o) EXPECT_NEAR(data(f)[o], one.f[o], 1e-6);
  }
}

TEST(QueryPooling, IsSoftmaxOfTheQueryTimesTanh) {
  constexpr int64_t kUnits = 3;
  Var x = normal({kRows, kPlaces, kWidth}, 1), w = normal({kUnits, kWidth}, 2);
  Var bias = normal({kUnits}, 3), query = normal({kUnits}, 4);
  Var y = query_attention_pooling(x, w, bias, query, mask());
  for (int64_t b = 0; b < kRows; ++b) {
    double weight[kPlaces] = {}, sum = 0;
    for (int64_t t = 0; t < kPlaces; ++t) {
      if (!kept(b, t)) continue;
      double score = 0;
      for (int64_t a = 0; a < kUnits; ++a) {
        double z = data(bias)[a];
        for (int64_t d = 0; d < kWidth; ++d)
          z += data(w)[a * kWidth + d] * data(x)[(b * kPlaces + t) * kWidth + d];
        score += data(query)[a] * std::tanh(z);
      }
      weight[t] = std::exp(score);
      sum += weight[t];
    }
    for (int64_t d = 0; d < kWidth; ++d) {
      double expected = 0;
      for (int64_t t = 0; t < kPlaces; ++t)
        expected += sum > 0 ? weight[t] / sum * data(x)[(b * kPlaces + t) * kWidth + d] : 0;
      EXPECT_NEAR(data(y)[b * kWidth + d], expected, 1e-12);
    }
  }
}

}  // namespace
}  // namespace ctr
