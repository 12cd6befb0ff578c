// Convolutions over places and losses over items: naive forms in double, written from the headers'
// formulas.

#include <cmath>

#include <gtest/gtest.h>

#include "ops/conv1d/conv1d.h"
#include "ops/item_softmax/item_softmax.h"
#include "ops/op_check.h"

namespace ctr {
namespace {

Var normal(const Shape& shape, uint64_t stream) {
  return Var(random_upstream(Tensor(shape, DType::f64), stream));
}
const double* data(const Var& x) { return x.value().data<double>(); }
Tensor ids(const std::vector<int64_t>& values) {
  return Tensor::from({static_cast<int64_t>(values.size())}, values);
}

TEST(OracleItems, ConvolutionsSumOverTheTaps) {
  constexpr int64_t kRows = 2, kPlaces = 7, kIn = 3, kOut = 4, kTaps = 3, kDilation = 2;
  const Var x = normal({kRows, kPlaces, kIn}, 1), w = normal({kOut, kIn, kTaps}, 2);
  const Var bias = normal({kOut}, 3);
  for (const bool causal : {true, false}) {
    const Var y = conv1d(x, w, bias, {kDilation, causal});
    for (int64_t b = 0; b < kRows; ++b)
      for (int64_t t = 0; t < kPlaces; ++t)
        for (int64_t o = 0; o < kOut; ++o) {
          double expected = data(bias)[o];
          for (int64_t j = 0; j < kTaps; ++j) {
            const int64_t from = t - ((causal ? kTaps - 1 : 1) - j) * kDilation;
            for (int64_t c = 0; c < kIn && from >= 0 && from < kPlaces; ++c)
              expected +=
                  data(w)[(o * kIn + c) * kTaps + j] * data(x)[(b * kPlaces + from) * kIn + c];
          }
          EXPECT_NEAR(data(y)[(b * kPlaces + t) * kOut + o], expected, 1e-12);
        }
  }
}

// What lies ahead of a place does not reach it, to the last bit.
TEST(OracleItems, CausalConvolutionsDoNotLookAhead) {
  const Var w = normal({4, 3, 3}, 2);
  Tensor x = normal({1, 9, 3}, 1).value().clone();
  const Tensor before = conv1d(Var(x.clone()), w, Var(), {2}).value();
  for (int64_t i = 5 * 3; i < 9 * 3; ++i) x.data<double>()[i] += 1;
  const Tensor after = conv1d(Var(x), w, Var(), {2}).value();
  for (int64_t i = 0; i < 5 * 4; ++i) EXPECT_EQ(after.data<double>()[i], before.data<double>()[i]);
  EXPECT_NE(after.data<double>()[5 * 4], before.data<double>()[5 * 4]);
}

// Scores as large as they may get in single precision.
TEST(OracleItems, TheLossIsTheLogarithmOfTheShare) {
  constexpr int64_t kRows = 4, kItems = 9, kWidth = 3;
  const Tensor target = ids({2, 0, 8, 5});
  for (const double size : {1.0, 300.0}) {
    const Var h(random_upstream(Tensor({kRows, kWidth}, DType::f64), 1));
    Tensor w = normal({kItems, kWidth}, 2).value().clone();
    for (int64_t i = 0; i < w.count(); ++i) w.data<double>()[i] *= size;
    const Var bias = normal({kItems}, 3);
    double expected = 0;
    for (int64_t n = 0; n < kRows; ++n) {
      double z[kItems] = {}, sum = 0;
      for (int64_t v = 0; v < kItems; ++v) {
        z[v] = data(bias)[v];
        for (int64_t d = 0; d < kWidth; ++d)
          z[v] += data(h)[n * kWidth + d] * w.data<double>()[v * kWidth + d];
      }
      const int64_t y = target.data<int64_t>()[n];
      for (const double one : z) sum += std::exp(one - z[y]);
      expected += y == 0 ? 0 : std::log(sum) / 3;  // target 0 does not count
    }
    for (const int64_t chunk : {1, 4, 100})
      EXPECT_NEAR(data(item_cross_entropy(h, Var(w), bias, target, {0, chunk}))[0], expected,
                  1e-12 * std::max(1.0, expected));
  }
}

TEST(OracleItems, TheSampledLossLeavesOutWhatWasHit) {
  constexpr int64_t kRows = 3, kWidth = 2;
  const Var h = normal({kRows, kWidth}, 1), w = normal({6, kWidth}, 2), bias = normal({6}, 3);
  const std::vector<int64_t> target{4, 1, 3}, sample{1, 5, 1, 2};
  const std::vector<double> q{0.3, -1, 0.3, 2}, of{0.5, 0.3, -0.2};
  double expected = 0;
  for (size_t n = 0; n < kRows; ++n) {
    auto score = [&](int64_t v, double log_q) {
      double z = data(bias)[v] - log_q;
      for (size_t d = 0; d < kWidth; ++d)
        z += data(h)[n * kWidth + d] * data(w)[static_cast<size_t>(v) * kWidth + d];
      return z;
    };
    const double own = score(target[n], of[n]);
    double sum = std::exp(own);
    for (size_t s = 0; s < sample.size(); ++s)
      if (sample[s] != target[n]) sum += std::exp(score(sample[s], q[s]));
    expected += (std::log(sum) - own) / kRows;
  }
  const ItemSample drawn{ids(sample), Tensor::from<double>({4}, q), Tensor::from<double>({3}, of)};
  for (const int64_t chunk : {1, 3, 100})
    EXPECT_NEAR(data(sampled_cross_entropy(h, w, bias, ids(target), drawn, {0, chunk}))[0],
                expected, 1e-12);
}

}  // namespace
}  // namespace ctr
