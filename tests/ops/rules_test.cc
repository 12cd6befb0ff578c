// Update rules against their formulas in plain loops; what PyTorch knows has golden files too.

#include <omp.h>

#include <cmath>
#include <cstring>

#include <gtest/gtest.h>

#include "engine/error.h"
#include "engine/parallel.h"
#include "engine/rng.h"
#include "ops/optim/optimizer.h"

namespace ctr {
namespace {

constexpr int kSteps = 7;

Tensor random_tensor(const Shape& shape, uint64_t stream, DType dtype = DType::f64) {
  const RandomStream random{7, stream, 0};
  Tensor tensor(shape, DType::f64);
  for (int64_t i = 0; i < tensor.count(); ++i)
    tensor.data<double>()[i] = random.normal(static_cast<uint64_t>(i));
  return tensor.cast(dtype);
}

double at(const Tensor& tensor, int64_t i) { return tensor.data<double>()[i]; }

// The weights after each step on random gradients.
std::vector<Tensor> run(const OptimizerOptions& options, const Tensor& start) {
  Optimizer optimizer(options);
  Tensor weight = start.clone();
  std::vector<Tensor> path;
  for (uint64_t step = 1; step <= kSteps; ++step) {
    optimizer.advance();
    optimizer.update("w", weight, Gradient(random_tensor(weight.shape(), step)));
    path.push_back(weight.clone());
  }
  return path;
}

// McMahan et al. 2013, equation (1): w minimises g_{1:t} w + ½ Σ σ_s (w − w_s)² + λ1 |w| + ½ λ2 w²,
// where σ_{1:t} = (β + √Σ g²)/η: here solved from all past gradients and weights, without z and n.
TEST(Ftrl, IsMcMahansClosedForm) {
  OptimizerOptions options;
  options.rule = "ftrl";
  options.learning_rate = 0.3;
  options.ftrl_beta = 0.7;
  options.ftrl_l1 = 0.8;
  options.ftrl_l2 = 0.2;
  const Tensor start = Tensor::zeros({6}, DType::f64);
  const std::vector<Tensor> path = run(options, start);
  int zeros = 0;
  for (int64_t i = 0; i < 6; ++i) {
    double linear = 0, squares = 0, curvature = options.ftrl_beta / options.learning_rate;
    for (uint64_t step = 1; step <= kSteps; ++step) {
      const double g = at(random_tensor({6}, step), i);
      const double before = step == 1 ? 0 : at(path[step - 2], i);
      const double sigma =
          (std::sqrt(squares + g * g) - std::sqrt(squares)) / options.learning_rate;
      squares += g * g;
      curvature += sigma;
      linear += g - sigma * before;
      const double size = std::abs(linear) - options.ftrl_l1;
      const double expected =
          size <= 0 ? 0 : -std::copysign(size, linear) / (curvature + options.ftrl_l2);
      EXPECT_NEAR(at(path[step - 1], i), expected, 1e-12);
      zeros += expected == 0;
    }
  }
  EXPECT_GT(zeros, 0);  // λ1 is at work
  EXPECT_LT(zeros, 6 * kSteps);
}
TEST(Ftrl, BeginsAtTheInitialWeights) {
  OptimizerOptions options;
  options.rule = "ftrl";
  options.ftrl_l1 = 0.1;
  options.initial_accumulator = 0.1;
  const Tensor start = random_tensor({4, 3}, 99);
  Optimizer optimizer(options);
  Tensor weight = start.clone();
  optimizer.advance();
  optimizer.update("w", weight, Gradient(Tensor::zeros({4, 3}, DType::f64)));
  for (int64_t i = 0; i < 12; ++i) EXPECT_NEAR(at(weight, i), at(start, i), 1e-14);
}

// One gradient small enough to tell where ε stands, then idle steps: PyTorch 1.13 and TensorFlow 1.
TEST(AdamTf, AddsEpsilonBesideTheUncorrectedRoot) {
  const std::map<std::string, std::vector<double>> expected = {
      {"adam-tf", {.499612574, .499353056, .499152509}},
      {"adam", {.499047619, .498421822, .497945166}}};
  for (const auto& [rule, path] : expected) {
    OptimizerOptions options;
    options.rule = rule;
    Optimizer optimizer(options);
    Tensor weight = Tensor::full({1}, DType::f64, 0.5);
    for (size_t step = 0; step < 3; ++step) {
      optimizer.advance();
      optimizer.update("w", weight, Gradient(Tensor::full({1}, DType::f64, step == 0 ? 2e-7 : 0)));
      EXPECT_NEAR(at(weight, 0), path[step], 5e-10) << rule;
    }
  }
}

RowGradient rows_of(const Tensor& values, std::vector<int64_t> ids, int64_t table_rows) {
  RowGradient gradient{table_rows, values.dim(1), -1, {}};
  gradient.parts.push_back(
      {Tensor::from({static_cast<int64_t>(ids.size())}, ids), values, values.dim(1), 0});
  return gradient;
}

TEST(RowwiseAdagrad, KeepsOneNumberPerRow) {
  OptimizerOptions options;
  options.rule = "rowwise-adagrad";
  options.learning_rate = 0.1;
  options.initial_accumulator = 0.5;
  Optimizer optimizer(options);
  Tensor weight = random_tensor({5, 3}, 99);
  std::vector<double> w(weight.span<double>().begin(), weight.span<double>().end());
  std::vector<double> sum(5, 0.5);
  for (uint64_t step = 1; step <= kSteps; ++step) {
    const Tensor g = random_tensor({2, 3}, step);
    const int64_t ids[] = {static_cast<int64_t>(step % 5), static_cast<int64_t>((step + 2) % 5)};
    for (int64_t r = 0; r < 2; ++r) {
      auto& a = sum[static_cast<size_t>(ids[r])];
      for (int64_t k = 0; k < 3; ++k) a += at(g, r * 3 + k) * at(g, r * 3 + k) / 3;
      for (int64_t k = 0; k < 3; ++k)
        w[static_cast<size_t>(ids[r] * 3 + k)] -= 0.1 * at(g, r * 3 + k) / (std::sqrt(a) + 1e-10);
    }
    optimizer.advance();
    optimizer.update("w", weight, Gradient(rows_of(g, {ids[0], ids[1]}, 5)));
    for (int64_t i = 0; i < 15; ++i) EXPECT_NEAR(at(weight, i), w[static_cast<size_t>(i)], 1e-14);
  }
  EXPECT_EQ(optimizer.state().at("w").shape(), Shape({5, 1, 1}));
}

class EachRule : public testing::TestWithParam<std::string> {
 protected:
  OptimizerOptions options() const {
    OptimizerOptions options;
    options.rule = GetParam();
    options.learning_rate = 0.05;
    return options;
  }
};

// Touched rows move as in a table of their own; the others keep every bit.
TEST_P(EachRule, MovesTouchedRowsAlone) {
  OptimizerOptions lazy = options();
  Optimizer optimizer(lazy), small(lazy);
  Tensor weight = random_tensor({6, 3}, 99);
  const Tensor before = weight.clone();
  Tensor own({2, 3}, DType::f64);
  std::memcpy(own.data<double>(), before.data<double>() + 3, 24);
  std::memcpy(own.data<double>() + 3, before.data<double>() + 12, 24);
  for (uint64_t step = 1; step <= 3; ++step) {
    const Tensor g = random_tensor({2, 3}, step);
    optimizer.advance();
    small.advance();
    optimizer.update("w", weight, Gradient(rows_of(g, {1, 4}, 6)));
    small.update("w", own, Gradient(rows_of(g, {0, 1}, 2)));
  }
  for (int64_t row : {0, 2, 3, 5}) {
    for (int64_t k = 0; k < 3; ++k) EXPECT_EQ(at(weight, row * 3 + k), at(before, row * 3 + k));
  }
  for (int64_t k = 0; k < 3; ++k) {
    EXPECT_EQ(at(weight, 3 + k), at(own, k));
    EXPECT_EQ(at(weight, 12 + k), at(own, 3 + k));
    EXPECT_NE(at(weight, 3 + k), at(before, 3 + k));
  }
}
TEST_P(EachRule, GivesTheSameBitsForAnyThreadCount) {
  const Tensor start = random_tensor({701, 37}, 99, DType::f32);
  auto weights = [&](int threads) {
    omp_set_num_threads(threads);
    const FineGrainScope fine;
    Optimizer optimizer(options());
    Tensor weight = start.clone();
    for (uint64_t step = 1; step <= 3; ++step) {
      optimizer.advance();
      optimizer.update("w", weight, Gradient(random_tensor({701, 37}, step, DType::f32)));
    }
    omp_set_num_threads(omp_get_num_procs());
    return weight;
  };
  const Tensor one = weights(1);
  for (int threads : {2, 3}) {
    const Tensor other = weights(threads);
    EXPECT_EQ(std::memcmp(one.raw(), other.raw(), static_cast<size_t>(one.bytes())), 0);
  }
}
INSTANTIATE_TEST_SUITE_P(Rules, EachRule, testing::ValuesIn(rule_names()), [](const auto& info) {
  std::string name = info.param;
  for (char& c : name) c = c == '-' ? '_' : c;
  return name;
});

TEST(Rules, UnknownOnesAreRefused) {
  OptimizerOptions options;
  options.rule = "adamax";
  try {
    Optimizer optimizer(options);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "optimizer: the rule must be one of adam, adam-tf, adamw, sgd, momentum, adagrad, "
                 "rowwise-adagrad, rmsprop, ftrl, got 'adamax'");
  }
}

}  // namespace
}  // namespace ctr
