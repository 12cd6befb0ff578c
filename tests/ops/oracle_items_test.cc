// Convolutions over places, norms behind them and losses over items: naive forms in double, written
// from the headers' formulas.

#include <omp.h>

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "ops/conv1d/conv1d.h"
#include "ops/item_softmax/item_softmax.h"
#include "ops/norm/norm_relu.h"
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

TEST(OracleItems, NormsBehindConvolutionsAreCutAtZeroAndAdded) {
  constexpr int64_t kRows = 70, kCols = 37;  // more than a block of rows, lanes left over
  const Var x = normal({kRows, kCols}, 1), rest = normal({kRows, kCols}, 2);
  const Var gamma = normal({kCols}, 3), beta = normal({kCols}, 4);
  const Var alone = norm_relu(x, gamma, beta, {}, 0.01);
  const Var y = norm_relu(x, gamma, beta, rest, 0.01);
  for (int64_t row = 0; row < kRows; ++row) {
    double mean = 0, variance = 0;
    for (int64_t i = 0; i < kCols; ++i) mean += data(x)[row * kCols + i] / kCols;
    for (int64_t i = 0; i < kCols; ++i)
      variance += std::pow(data(x)[row * kCols + i] - mean, 2) / kCols;
    for (int64_t i = row * kCols; i < (row + 1) * kCols; ++i) {
      const double normal = (data(x)[i] - mean) / std::sqrt(variance + 0.01);
      const double expected =
          std::max(0.0, data(gamma)[i % kCols] * normal + data(beta)[i % kCols]);
      EXPECT_NEAR(data(alone)[i], expected, 1e-12);
      EXPECT_NEAR(data(y)[i], expected + data(rest)[i], 1e-12);
    }
  }
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
  EXPECT_NEAR(data(sampled_cross_entropy(h, w, bias, ids(target), drawn))[0], expected, 1e-12);
}

// More rows than are scored at once, some of which do not count.
TEST(OracleItems, TheSampledLossGoesOnFromGroupToGroupOfRows) {
  constexpr int64_t kRows = 1300, kItems = 40, kWidth = 3, kSample = 11;
  const Tensor table = normal({kItems, kWidth}, 2).value(), c = normal({kItems}, 3).value();
  std::vector<int64_t> target, sample;
  for (int64_t n = 0; n < kRows; ++n) target.push_back(n * n % kItems);
  for (int64_t s = 0; s < kSample; ++s) sample.push_back(1 + 3 * s);
  Tape tape;
  const Var h = tape.variable(normal({kRows, kWidth}, 1).value());
  const Var w = tape.variable(table), bias = tape.variable(c);
  const ItemSample drawn{ids(sample), Tensor::zeros({kSample}, DType::f64),
                         Tensor::zeros({kRows}, DType::f64)};
  const Var loss = sampled_cross_entropy(h, w, bias, ids(target), drawn);
  BackwardOptions three_times;
  three_times.upstream = Tensor::full({1}, DType::f64, 3);
  const Gradients found = backward(loss, three_times);

  const auto counted = static_cast<double>(
      std::count_if(target.begin(), target.end(), [](int64_t id) { return id != 0; }));
  double expected = 0;
  std::vector<double> dh(kRows * kWidth), dw(kItems * kWidth), dbias(kItems);
  for (int64_t n = 0; n < kRows; ++n) {
    const int64_t own = target[static_cast<size_t>(n)];
    if (own == 0) continue;
    std::vector<double> share(kItems);  // e^z of what the row is told from
    double sum = 0;
    for (int64_t v = 0; v < kItems; ++v) {
      if (v != own && std::find(sample.begin(), sample.end(), v) == sample.end()) continue;
      double z = data(Var(c))[v];
      for (int64_t d = 0; d < kWidth; ++d) z += data(h)[n * kWidth + d] * data(w)[v * kWidth + d];
      sum += share[static_cast<size_t>(v)] = std::exp(z);
    }
    expected -= std::log(share[static_cast<size_t>(own)] / sum) / counted;
    for (int64_t v = 0; v < kItems; ++v) {
      const double slope = 3 * (share[static_cast<size_t>(v)] / sum - (v == own)) / counted;
      dbias[static_cast<size_t>(v)] += slope;
      for (int64_t d = 0; d < kWidth; ++d) {
        dh[static_cast<size_t>(n * kWidth + d)] += slope * data(w)[v * kWidth + d];
        dw[static_cast<size_t>(v * kWidth + d)] += slope * data(h)[n * kWidth + d];
      }
    }
  }
  EXPECT_NEAR(data(loss)[0], expected, 1e-12);
  auto expect_near = [](const Tensor& gradient, const std::vector<double>& by_hand) {
    for (size_t i = 0; i < by_hand.size(); ++i)
      EXPECT_NEAR(gradient.data<double>()[i], by_hand[i], 1e-12) << i;
  };
  expect_near(found[h].dense(), dh);
  expect_near(to_dense(found[w].rows()), dw);
  expect_near(to_dense(found[bias].rows()), dbias);
}

// Three groups of rows, so that threads take pieces as they are free; in the precision in which the
// order of sums shows.
TEST(OracleItems, TheSampledLossHasTheSameBitsForAnyNumberOfThreads) {
  constexpr int64_t kRows = 1300, kItems = 900, kWidth = 8, kSample = 310;
  std::vector<int64_t> target, sample;
  for (int64_t n = 0; n < kRows; ++n) target.push_back(1 + n * n % (kItems - 1));
  for (int64_t i = 0; i < kSample; ++i) sample.push_back(1 + 2 * i);
  const ItemSample drawn{ids(sample), Tensor::zeros({kSample}, DType::f64),
                         Tensor::zeros({kRows}, DType::f64)};
  auto bits = [&](int threads) {
    const int before = omp_get_max_threads();
    omp_set_num_threads(threads);
    Tape tape;
    const Var h = tape.variable(normal({kRows, kWidth}, 1).value().cast(DType::f32));
    const Var w = tape.variable(normal({kItems, kWidth}, 2).value().cast(DType::f32));
    const Var bias = tape.variable(normal({kItems}, 3).value().cast(DType::f32));
    const Var loss = sampled_cross_entropy(h, w, bias, ids(target), drawn);
    const Gradients found = backward(loss);
    omp_set_num_threads(before);
    std::vector<float> all{loss.value().data<float>()[0]};
    for (const Tensor& part :
         {found[h].dense(), to_dense(found[w].rows()), to_dense(found[bias].rows())})
      all.insert(all.end(), part.data<float>(), part.data<float>() + part.count());
    return all;
  };
  const std::vector<float> one = bits(1);
  EXPECT_GT(std::count_if(one.begin(), one.end(), [](float x) { return x != 0; }), kRows * kWidth);
  for (const int threads : {2, 3}) EXPECT_EQ(bits(threads), one);
}

}  // namespace
}  // namespace ctr
