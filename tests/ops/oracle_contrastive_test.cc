// Contrastive losses: naive forms in double, written from the header's formulas, and published
// numbers (spec: SimCSE at 0.05, CLIP at 1/0.07).

#include <cmath>
#include <functional>

#include <gtest/gtest.h>

#include "ops/contrastive/contrastive.h"

namespace ctr {
namespace {

constexpr int64_t kRows = 3, kWidth = 2;

// Row-major sin(start + k), k = 0, 1 …
Var sines(double start) {
  Tensor x({kRows, kWidth}, DType::f64);
  for (int64_t k = 0; k < x.count(); ++k)
    x.data<double>()[k] = std::sin(start + static_cast<double>(k));
  return Var(x);
}

double cosine(const Var& x, int64_t a, const Var& y, int64_t b) {
  const double* u = x.value().data<double>() + a * kWidth;
  const double* v = y.value().data<double>() + b * kWidth;
  return (u[0] * v[0] + u[1] * v[1]) / std::hypot(u[0], u[1]) / std::hypot(v[0], v[1]);
}

// Mean of −log softmax(logit(b, ·))[b] over `columns` columns.
double mean_cross_entropy(int64_t columns, const std::function<double(int64_t, int64_t)>& logit) {
  double loss = 0;
  for (int64_t b = 0; b < kRows; ++b) {
    double sum = 0;
    for (int64_t c = 0; c < columns; ++c) sum += std::exp(logit(b, c) - logit(b, b));
    loss += std::log(sum) / kRows;
  }
  return loss;
}

double number(const Var& loss) { return loss.value().data<double>()[0]; }

TEST(SimCse, IsCrossEntropyOfCosines) {
  const Var x = sines(1), y = sines(9), z = sines(15);
  EXPECT_NEAR(number(simcse_loss(x, y, 0.05)), 22.116631, 1e-6);
  EXPECT_NEAR(number(simcse_loss(x, y, 0.05, z)), 22.259939, 1e-6);
  auto logit = [&](int64_t b, int64_t c) {
    if (c < kRows) return cosine(x, b, y, c) / 0.3;
    return cosine(x, b, z, c - kRows) / 0.3 + (c - kRows == b ? 0.7 : 0.0);
  };
  EXPECT_NEAR(number(simcse_loss(x, y, 0.3, z, 0.7)), mean_cross_entropy(2 * kRows, logit), 1e-12);
}

TEST(Clip, IsTheMeanOfRowsAndColumns) {
  const Var x = sines(1), y = sines(9);
  const double factor = 1 / 0.07;
  auto of_rows = [&](int64_t b, int64_t c) { return factor * cosine(x, b, y, c); };
  auto of_cols = [&](int64_t b, int64_t c) { return factor * cosine(x, c, y, b); };
  const double rows = mean_cross_entropy(kRows, of_rows), cols = mean_cross_entropy(kRows, of_cols);
  EXPECT_NEAR(rows, 15.797664, 1e-6);
  EXPECT_NEAR(cols, 15.797614, 1e-6);
  const Var t(Tensor::full({1}, DType::f64, std::log(factor)));
  EXPECT_NEAR(number(clip_loss(x, y, t)), (rows + cols) / 2, 1e-12);
}

// A row of zeros has no direction: it stays zero and its gradient finite.
TEST(NormalizeRows, LeavesZerosAlone) {
  Tape tape;
  const Var x = tape.variable(Tensor::full({1, kWidth}, DType::f64, 0));
  const Var y = normalize_rows(x);
  EXPECT_EQ(y.value().data<double>()[0], 0);
  const Gradients gradients = backward(y, {.upstream = Tensor::full({1, kWidth}, DType::f64, 1)});
  EXPECT_TRUE(std::isfinite(gradients[x].dense().data<double>()[0]));
}

}  // namespace
}  // namespace ctr
