// Weights of tasks that move: GradNorm and uncertainty.

#include "tools/task_balance.h"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/message.h"

namespace ctr {
namespace {

void expect_all(const std::vector<double>& found, const std::vector<double>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 6e-7) << i;
}

TEST(GradNorm, WorkedOutByHand) {
  const std::vector<double> norms{2, .5}, losses{.8, 1.5}, first{1, 2.5};
  std::vector<double> weights{1, 1};
  const GradNormStep step = grad_norm(weights, norms, losses, first, 1.5);
  expect_all(step.target, {1.527207, .991950});
  EXPECT_NEAR(step.loss, .964743, 6e-7);
  expect_all(step.dw, {2, -.5});
  for (size_t t = 0; t < 2; ++t) weights[t] -= .025 * step.dw[t];
  expect_all(weights, {.95, 1.0125});
  renormalise(weights, 1e-3);
  expect_all(weights, {.968153, 1.031847});
}

TEST(GradNorm, WeightsStayAboveTheirFloor) {
  std::vector<double> weights{-1, 3};
  renormalise(weights, 0.5);
  expect_all(weights, {2 * 0.5 / 3.5, 2 * 3 / 3.5});
}

TEST(GradNorm, StartsFromTheFirstLosses) {
  TrainOptions options;
  options.task_balance = "gradnorm";
  TaskBalance balance(options);
  expect_all(balance.weights(2), {1, 1});
  const std::vector<double> first{1, 2.5}, losses{.8, 1.5}, equal{1, 1}, ones{1, 1}, norms{2, .5};
  balance.update(first, ones, equal);  // equal norms of equal rates: nothing to pull
  expect_all(balance.weights(2), {1, 1});
  balance.update(losses, ones, norms);
  expect_all(balance.weights(2), {.968153, 1.031847});
  expect_all(balance.state().first_losses, first);
}

TEST(Uncertainty, DescendsItsLoss) {
  TrainOptions options;
  options.task_balance = "uncertainty";
  options.balance_learning_rate = 0.1;
  TaskBalance balance(options);
  const std::vector<double> losses{.25, 2}, ones{1, 1};
  balance.update(losses, ones, {});
  // s ← 0 − 0.1 (½ − L)
  expect_all(balance.weights(2), {std::exp(.025), std::exp(-.15)});
  for (int step = 0; step < 2000; ++step) balance.update(losses, ones, {});
  expect_all(balance.weights(2), {2, .25});  // e^−s = 1 / (2 L)
}

// Domains have a share of the rows: s ← s − rate p (½ − e^−s L / p), with L over all rows.
TEST(Uncertainty, MovesADomainAsFarAsItsShareOfTheRows) {
  TrainOptions options;
  options.task_balance = "uncertainty";
  options.balance_learning_rate = 0.1;
  TaskBalance balance(options);
  const std::vector<double> losses{.25 * .2, 2 * .8, 0}, shares{.2, .8, 0};
  balance.update(losses, shares, {});
  expect_all(balance.weights(3), {std::exp(.025 * .2), std::exp(-.15 * .8), 1});
}

TEST(Uncertainty, TakesTheLossApartByDomain) {
  const Var z(Tensor::from<double>({4, 1}, {.3, -2, 1.5, .1}));
  Batch batch;
  batch.rows = 4;
  batch.label = Tensor::from<float>({4}, {1, 0, 0, 1});
  batch.domain = Tensor::from<int64_t>({4}, {2, 0, 2, 2});
  const TaskLosses found = losses_of_domains(z, batch, 3);
  std::vector<double> losses;
  for (const Var& loss : found.losses) losses.push_back(loss.value().data<double>()[0]);
  const auto of = [](double x, double t) { return std::log1p(std::exp(x)) - x * t; };
  expect_all(losses, {of(-2, 0) / 4, 0, (of(.3, 1) + of(1.5, 0) + of(.1, 1)) / 4});
  expect_all(found.shares, {.25, 0, .75});
}

// With s = ln σ²: L / σ² + ln σ for σ = 1, √e.
TEST(Uncertainty, GivesTheGoldenLoss) {
  TrainOptions options;
  options.task_balance = "uncertainty";
  TaskBalance balance(options);
  const std::vector<double> s{0, 1}, losses{.5, 2};
  balance.restore({s, {}});
  const std::vector<double> weights = balance.weights(2);
  double loss = 0;
  for (size_t t = 0; t < 2; ++t) loss += weights[t] * losses[t] + s[t] / 2;
  EXPECT_NEAR(loss, 1.735759, 6e-7);
}

TEST(TaskBalance, SaysWhatIsMissing) {
  TrainOptions options;
  options.task_balance = "gradnorm";
  ParameterStore store(DType::f32, 1);
  Scope(store).parameter("tower/0/weight", {2, 2}, Initializer::zeros());
  EXPECT_EQ(message([&] { TaskBalance(options).measured(store); }),
            "train: gradnorm needs a weight that all tasks share, no table, got ''; name one with "
            "--gradnorm-parameter");
  for (const char* name : {"expert/0/weight", "expert/1/weight", "level/0/shared/expert/0/weight",
                           "level/1/shared/expert/0/weight", "level/1/task/0/expert/0/weight"}) {
    Scope(store).parameter(name, {2, 2}, Initializer::zeros());
  }
  EXPECT_EQ(TaskBalance(options).measured(store)->name, "level/1/shared/expert/0/weight");
  options.gradnorm_parameter = "tower/0/weight";
  EXPECT_EQ(TaskBalance(options).measured(store)->name, "tower/0/weight");
  options.task_weights = {"1", "2"};
  EXPECT_EQ(message([&] { TaskBalance{options}; }),
            "train: --task-balance gradnorm sets the weights; leave --task-weights out");
}

}  // namespace
}  // namespace ctr
