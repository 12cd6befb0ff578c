// Naive forward passes in double of the cross layers and what they stand beside.

#include <array>
#include <cmath>

#include <gtest/gtest.h>

#include "ops/cross/cross.h"
#include "ops/elementwise/elementwise.h"
#include "ops/linear/linear.h"
#include "ops/op_check.h"

namespace ctr {
namespace {

constexpr int kRows = 3, kWidth = 4;

Var normal(const Shape& shape, uint64_t stream) {
  return Var(random_upstream(Tensor(shape, DType::f64), stream));
}
const double* data(const Var& x) { return x.value().data<double>(); }

// Σ_k x[row, k] w[out, k] for x [.., n]
double dot(const Var& x, int row, const Var& w, int out, int n) {
  double sum = 0;
  for (int k = 0; k < n; ++k) sum += data(x)[row * n + k] * data(w)[out * n + k];
  return sum;
}

TEST(CrossOracle, VectorLayer) {
  const Var x0 = normal({kRows, kWidth}, 1), x = normal({kRows, kWidth}, 2);
  const Var w = normal({1, kWidth}, 3), b = normal({kWidth}, 4);
  const Var y = cross_vector(x0, x, w, b), bare = cross_vector(x0, x, w, b, false);
  for (int row = 0; row < kRows; ++row) {
    for (int i = 0; i < kWidth; ++i) {
      const int at = row * kWidth + i;
      const double crossed = data(x0)[at] * dot(x, row, w, 0, kWidth) + data(b)[i];
      EXPECT_NEAR(data(bare)[at], crossed, 1e-14);
      EXPECT_NEAR(data(y)[at], crossed + data(x)[at], 1e-14);
    }
  }
}

TEST(CrossOracle, MatrixLayer) {
  constexpr int kInner = 2;
  const Var x0 = normal({kRows, kWidth}, 1), x = normal({kRows, kWidth}, 2);
  const Var h = normal({kRows, kInner}, 5), w = normal({kWidth, kInner}, 3),
            b = normal({kWidth}, 4);
  const Var y = cross_matrix(x0, h, w, b, x);
  for (int row = 0; row < kRows; ++row) {
    for (int i = 0; i < kWidth; ++i) {
      const int at = row * kWidth + i;
      EXPECT_NEAR(data(y)[at],
                  data(x0)[at] * (dot(h, row, w, i, kInner) + data(b)[i]) + data(x)[at], 1e-14);
    }
  }
}

TEST(CrossOracle, GatedLayer) {
  const Var x0 = normal({kRows, kWidth}, 1), x = normal({kRows, kWidth}, 2);
  const Var w = normal({kWidth, kWidth}, 3), g = normal({kWidth, kWidth}, 5);
  const Var b = normal({kWidth}, 4), y = cross_gated(x0, x, w, g, b);
  for (int row = 0; row < kRows; ++row) {
    for (int i = 0; i < kWidth; ++i) {
      const int at = row * kWidth + i;
      const double gate = 1 / (1 + std::exp(-dot(x, row, g, i, kWidth)));
      const double crossed = data(x0)[at] * (dot(x, row, w, i, kWidth) + data(b)[i]) * gate;
      EXPECT_NEAR(data(y)[at], crossed + data(x)[at], 1e-14);
    }
  }
}

TEST(CrossOracle, PartsAreOneRow) {
  const Var a = normal({kRows, 2}, 1), c = normal({kRows, 3}, 2);
  const Var w = normal({2, 5}, 3), b = normal({2}, 4);
  const std::array parts{a, c};
  const Var y = linear_parts(parts, w, b);
  for (int row = 0; row < kRows; ++row) {
    for (int o = 0; o < 2; ++o) {
      double sum = data(b)[o];
      for (int k = 0; k < 2; ++k) sum += data(a)[row * 2 + k] * data(w)[o * 5 + k];
      for (int k = 0; k < 3; ++k) sum += data(c)[row * 3 + k] * data(w)[o * 5 + 2 + k];
      EXPECT_NEAR(data(y)[row * 2 + o], sum, 1e-14);
    }
  }
}

TEST(CrossOracle, ScaledRows) {
  const Var x = normal({2, 3, 4}, 1), s = normal({2, 3}, 2);
  const Var y = scale_rows(x, s);
  for (int i = 0; i < 24; ++i) EXPECT_EQ(data(y)[i], data(s)[i / 4] * data(x)[i]);
}

}  // namespace
}  // namespace ctr
