// BPR-max against its formula, number by number.

#include "models/layers/bpr_max.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace ctr {
namespace {

Tensor wave(const Shape& shape, double step) {
  Tensor x(shape, DType::f64);
  for (int64_t i = 0; i < x.count(); ++i) x.data<double>()[i] = std::sin(step * (i + 1.0));
  return x;
}
Tensor ids(const std::vector<int64_t>& values) {
  return Tensor::from(Shape{std::ssize(values)}, values);
}

const Tensor h = wave({4, 3}, 1.3), table = wave({6, 3}, 0.7), bias = wave({6, 1}, 2.1);
const std::vector<int64_t> target{2, 0, 5, 1}, sample{1, 5, 3, 3};

double score(int64_t row, int64_t item, double a) {
  double r = bias.data<double>()[item];
  for (int64_t d = 0; d < 3; ++d)
    r += h.data<double>()[row * 3 + d] * table.data<double>()[item * 3 + d];
  return a == 0 || r > 0 ? r : a * (std::exp(r) - 1);
}

double expected(double penalty, double a, int64_t ignored) {
  double all = 0;
  int64_t counted = 0;
  for (size_t n = 0; n < target.size(); ++n) {
    if (target[n] == ignored) continue;
    ++counted;
    double weight = 0, before = 0, squares = 0;
    for (const int64_t j : sample) {
      if (j == target[n]) continue;
      const double r = score(static_cast<int64_t>(n), j, a),
                   own = score(static_cast<int64_t>(n), target[n], a), e = std::exp(r);
      weight += e;
      before += e / (1 + std::exp(r - own));
      squares += e * r * r;
    }
    all += -std::log(before / weight + 1e-24) + penalty * squares / weight;
  }
  return all / static_cast<double>(counted);
}

double loss(const Var& shift, const BprMaxOptions& options) {
  return bpr_max(Var(h), Var(table), shift, ids(target), ids(sample), options)
      .value()
      .data<double>()[0];
}

TEST(BprMax, IsItsFormula) {
  EXPECT_NEAR(loss(Var(bias), {0, 0, -1}), expected(0, 0, -1), 1e-14);
  EXPECT_NEAR(loss(Var(bias), {0.4, 0, 0}), expected(0.4, 0, 0), 1e-14);
  EXPECT_NEAR(loss(Var(bias), {0.4, 0.5, 0}), expected(0.4, 0.5, 0), 1e-14);
  EXPECT_NE(expected(0.4, 0.5, 0), expected(0.4, 0, 0)) << "some scores lie below 0";
}

TEST(BprMax, NoOtherItemCostsALittle) {
  const Tensor own = ids({2});
  const Var y = bpr_max(Var(wave({1, 3}, 1)), Var(table), Var(), own, own);
  EXPECT_NEAR(y.value().data<double>()[0], 24 * std::log(10), 1e-9);
}

}  // namespace
}  // namespace ctr
