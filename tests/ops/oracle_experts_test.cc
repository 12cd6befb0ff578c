// Naive forward passes in double, written from the headers' formulas, of experts, their mixture and
// the loss of a product; and spec numbers of MMoE and ESMM.

#include <cmath>

#include <gtest/gtest.h>

#include "ops/elementwise/elementwise.h"
#include "ops/experts/experts.h"
#include "ops/linear/linear.h"
#include "ops/loss/loss.h"
#include "ops/op_check.h"
#include "ops/softmax/softmax.h"

namespace ctr {
namespace {

Var normal(const Shape& shape, uint64_t stream) {
  return Var(random_upstream(Tensor(shape, DType::f64), stream));
}
const double* data(const Var& x) { return x.value().data<double>(); }

// x [B, E, I]; `common`: of the first expert for all.
void expect_experts(bool common) {
  constexpr int64_t kRows = 4, kExperts = 3, kIn = 5, kOut = 2;
  Var x = normal({kRows, kExperts, kIn}, 1), w = normal({kExperts, kOut, kIn}, 2);
  Var bias = normal({kExperts, kOut}, 3);
  Tensor first({kRows, kIn}, DType::f64);
  for (int64_t b = 0; b < kRows; ++b) {
    for (int64_t i = 0; i < kIn; ++i)
      first.data<double>()[b * kIn + i] = data(x)[b * kExperts * kIn + i];
  }
  Var y = expert_linear(common ? Var(first) : x, w, bias, Activation::relu);
  for (int64_t b = 0; b < kRows; ++b) {
    for (int64_t e = 0; e < kExperts; ++e) {
      for (int64_t o = 0; o < kOut; ++o) {
        double sum = data(bias)[e * kOut + o];
        for (int64_t i = 0; i < kIn; ++i)
          sum += data(x)[(b * kExperts + (common ? 0 : e)) * kIn + i] *
                 data(w)[(e * kOut + o) * kIn + i];
        EXPECT_NEAR(data(y)[(b * kExperts + e) * kOut + o], std::fmax(sum, 0), 1e-13);
      }
    }
  }
}

TEST(ExpertOracle, EachExpertReadsTheCommonInput) { expect_experts(true); }
TEST(ExpertOracle, EachExpertReadsItsOwnInput) { expect_experts(false); }

TEST(ExpertOracle, MixtureCountsThroughItsParts) {
  constexpr int64_t kRows = 3, kWidth = 4;
  Var f = normal({kRows, 2, kWidth}, 1), h = normal({kRows, 1, kWidth}, 2);
  Var g = normal({kRows, 3}, 3);
  Var y = mix_experts({f, h}, g);
  for (int64_t b = 0; b < kRows; ++b) {
    for (int64_t k = 0; k < kWidth; ++k) {
      double sum = data(g)[b * 3 + 2] * data(h)[b * kWidth + k];
      for (int64_t e = 0; e < 2; ++e) sum += data(g)[b * 3 + e] * data(f)[(b * 2 + e) * kWidth + k];
      EXPECT_NEAR(data(y)[b * kWidth + k], sum, 1e-14);
    }
  }
}

double product_loss(double a, double b, double label, DType dtype = DType::f64) {
  auto one = [&](double x) { return Tensor::full({1}, dtype, x); };
  return bce_of_product(Var(one(a)), Var(one(b)), one(label))
      .value()
      .cast(DType::f64)
      .data<double>()[0];
}

TEST(ExpertOracle, LossOfAProduct) {
  for (const auto& [a, b] : {std::pair{0.3, -1.2}, {2.0, 3.0}, {-4.0, 1.0}, {5.0, -6.0}}) {
    const double q = 1 / (1 + std::exp(-a)) / (1 + std::exp(-b));
    for (double t : {0.0, 1.0, 0.25})
      EXPECT_NEAR(product_loss(a, b, t), -t * std::log(q) - (1 - t) * std::log(1 - q), 1e-13);
  }
}

// Far out 1 − q is e^−a + e^−b, and q is e^(a+b).
TEST(ExpertOracle, LossOfAProductStaysFinite) {
  EXPECT_NEAR(product_loss(800, 800, 0), 800 - std::log(2.0), 1e-9);
  EXPECT_NEAR(product_loss(-800, -800, 1), 1600, 1e-9);
  EXPECT_EQ(product_loss(-800, -800, 0), 0);
  EXPECT_NEAR(product_loss(95, 95, 0, DType::f32), 95 - std::log(2.0), 1e-4);
  EXPECT_NEAR(product_loss(-95, 2, 1, DType::f32), 95 + std::log1p(std::exp(-2.0)), 1e-4);
}

// sin(a + k), k = 0, 1, …
Tensor waves(double a, const Shape& shape) {
  Tensor result(shape, DType::f64);
  for (int64_t k = 0; k < result.count(); ++k)
    result.data<double>()[k] = std::sin(a + static_cast<double>(k));
  return result;
}

void expect_all(const Tensor& found, const std::vector<double>& expected) {
  ASSERT_EQ(found.count(), std::ssize(expected));
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(found.data<double>()[i], expected[i], 6e-7) << i;
}

TEST(SpecNumbers, MixtureOfExperts) {
  const Tensor e1 = waves(20, {3, 2}), e2 = waves(26, {3, 2});
  Tensor weight({2, 2, 3}, DType::f64);  // (expert, out, in)
  for (int64_t i = 0; i < 3; ++i) {
    for (int64_t o = 0; o < 2; ++o) {
      weight.data<double>()[o * 3 + i] = e1.data<double>()[i * 2 + o];
      weight.data<double>()[6 + o * 3 + i] = e2.data<double>()[i * 2 + o];
    }
  }
  Tape tape;
  const Var x = tape.variable(waves(1, {2, 3}));
  const Var f =
      expert_linear(x, Var(weight), Var(Tensor::zeros({2, 2}, DType::f64)), Activation::relu);
  const Var logits = matmul(x, Var(waves(80, {3, 2})));
  const Var g = softmax(logits);
  const Var y = mix_experts({f}, g);
  expect_all(g.value(), {.315681, .684319, .656929, .343071});
  expect_all(y.value(), {.711891, .098750, 0, .150152});
  const Gradients gradients = backward(y, {.upstream = Tensor::full({2, 2}, DType::f64, 1),
                                           .retain = false,
                                           .stop_at = {logits},
                                           .only = {}});
  expect_all(gradients[logits].dense(), {-.056276, .056276, .042771, -.042771});
}

TEST(SpecNumbers, ClicksAndConversions) {
  struct Case {
    double click, conversion, loss, dc, dv;
  };
  for (const Case& c : {Case{0, 0, .997036, .639707, .117862},
                        {1, 0, .697036, -.360293, .117862},
                        {1, 1, 2.571993, -.851115, -.768525}}) {
    Tape tape;
    const Var zc = tape.variable(Tensor::full({1}, DType::f64, .3));
    const Var zv = tape.variable(Tensor::full({1}, DType::f64, -1.2));
    const Var loss = bce_with_logits(zc, Tensor::full({1}, DType::f64, c.click)) +
                     bce_of_product(zc, zv, Tensor::full({1}, DType::f64, c.click * c.conversion));
    expect_all(loss.value(), {c.loss});
    const Gradients gradients = backward(loss);
    expect_all(gradients[zc].dense(), {c.dc});
    expect_all(gradients[zv].dense(), {c.dv});
  }
}

}  // namespace
}  // namespace ctr
