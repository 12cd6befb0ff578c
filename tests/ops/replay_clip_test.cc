// Clipping with replayed rows: when a bound does for the norm of rows that nobody touched, and what
// happens when it does not.

#include <algorithm>
#include <limits>

#include "engine/error.h"
#include "ops/optim/idle_bound.h"
#include "ops/optim/row_norms.h"
#include "ops/optim/visit_rule.h"
#include "tests/message.h"
#include "tests/ops/replay_twins.h"

namespace ctr {
namespace {

const std::vector<TableShape> kShapes = {{70, 1}, {17, 5}, {300, 16}, {6, 40}};
constexpr double kInfinity = std::numeric_limits<double>::infinity();

OptimizerOptions options_of(const std::string& rule, double lambda) {
  OptimizerOptions options;
  options.rule = rule;
  options.learning_rate = 1e-3;
  options.l2.table = lambda;
  return options;
}

struct Count {
  int64_t measured = 0, clipped = 0, steps = 0;
};

// Both ways of one pattern, side by side; weights and state at the end. Initial weights of 1e5 are
// left out: with them no bound holds.
Count run_pattern(const OptimizerOptions& options, double clip_norm, DType dtype, uint64_t seed,
                  bool interrupted = false) {
  Twin dense(kShapes, options, "dense", dtype, seed),
      replay(kShapes, options, "replay", dtype, seed);
  for (Twin* twin : {&dense, &replay}) {
    for (const Parameter* table : twin->tables) {
      Tensor tame = table->value.cast(DType::f64);
      for (int64_t i = 0; i < tame.count(); ++i)
        tame.data<double>()[i] = std::min(tame.data<double>()[i], 1.0);
      twin->store.find(table->name)->value = tame.cast(dtype);
    }
  }
  Draws draws(seed, 31);
  Count count;
  double rate = options.learning_rate;
  for (int64_t step = 0; step < 25; ++step) {
    if (draws.chance(0.1)) rate *= 0.3;
    const StepPlan plan = plan_step(draws, kShapes, dtype, rate, {0.15, 0.05, 0.03, 1.5, 6});
    dense.step(plan, clip_norm);
    replay.step(plan, clip_norm);
    EXPECT_EQ(dense.clipping.factor, replay.clipping.factor) << seed << ", step " << step;
    EXPECT_FALSE(dense.clipping.measured);
    if (replay.clipping.measured || options.l2.table == 0) {
      EXPECT_EQ(dense.clipping.norm, replay.clipping.norm) << seed << ", step " << step;
    } else {
      EXPECT_LE(replay.clipping.norm, dense.clipping.norm * (1 + 1e-12));
    }
    ++count.steps;
    count.measured += replay.clipping.measured;
    count.clipped += dense.clipping.factor < 1;
    if (interrupted && step % 7 == 3) replay.save_and_restore();
    if (testing::Test::HasFailure()) return count;
  }
  expect_same(dense, replay, "pattern " + std::to_string(seed));
  return count;
}

class Clipped : public testing::TestWithParam<std::string> {};

TEST_P(Clipped, EqualsTheDenseSweepWhetherTheBoundHoldsOrNot) {
  Count wide, some, tight;
  for (uint64_t seed = 1; seed <= 30 && !HasFailure(); ++seed) {
    const DType dtype = seed % 3 == 0 ? DType::f64 : DType::f32;
    auto add = [&](Count& sum, double clip_norm) {
      const Count one = run_pattern(options_of(GetParam(), 0.01), clip_norm, dtype, seed);
      sum.steps += one.steps;
      sum.measured += one.measured;
      sum.clipped += one.clipped;
    };
    add(wide, 1e12);
    add(some, 10);
    add(tight, 1e-3);
  }
  EXPECT_EQ(wide.measured, 0);
  EXPECT_EQ(wide.clipped, 0);
  EXPECT_GT(some.clipped, 0);
  EXPECT_LT(some.measured, some.steps * 9 / 10);
  EXPECT_GE(some.measured, some.clipped);
  EXPECT_EQ(tight.measured, tight.steps);
}

INSTANTIATE_TEST_SUITE_P(Rules, Clipped,
                         testing::Values("adam", "adam-tf", "adamw", "sgd", "adagrad", "rmsprop"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(ClippedReplay, WithoutAPenaltyNeedsNoBound) {
  int64_t clipped = 0;
  for (const char* rule : {"adam", "momentum", "sgd", "adagrad"}) {
    for (uint64_t seed = 1; seed <= 20; ++seed) {
      const Count count = run_pattern(options_of(rule, 0), 5, DType::f32, seed);
      EXPECT_EQ(count.measured, 0);
      clipped += count.clipped;
    }
  }
  EXPECT_GT(clipped, 0);
}

TEST(ClippedReplay, WithoutABoundMeasuresEachStep) {
  const Count count = run_pattern(options_of("momentum", 0.01), 10, DType::f32, 3);
  EXPECT_EQ(count.measured, count.steps);
}

TEST(ClippedReplay, MeasuresTheSameStepsWhenItWasInterrupted) {
  Count whole, parts;
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    whole.measured += run_pattern(options_of("adam", 0.01), 10, DType::f32, seed).measured;
    parts.measured += run_pattern(options_of("adam", 0.01), 10, DType::f32, seed, true).measured;
  }
  EXPECT_GT(whole.measured, 0);
  EXPECT_EQ(whole.measured, parts.measured);
}

// One number under a rule: gradients that make m as large beside v as they can, then λ w alone. The
// weight may not leave the bound, and comes near it often enough for the bound to mean something.
double largest_rise(const RuleOptions& base, double lambda, double growth, uint64_t seed) {
  Draws draws(seed, 8);
  RuleOptions options = base;
  double largest = 0;
  float w = static_cast<float>(0.05 * draws.normal());
  float state[2] = {0, 0};
  const int64_t touched = 1 + draws.below(60);
  double g = 1e-2;
  float begin = 0;
  for (int64_t step = 1; step <= touched + 2000; ++step) {
    options.learning_rate = base.learning_rate * (draws.chance(0.01) ? draws.uniform() : 1);
    float gradient = static_cast<float>(g *= growth);
    if (step > touched) {
      const float factor = draws.chance(0.1) ? static_cast<float>(draws.uniform()) : 1.f;
      gradient = factor * (0.f + static_cast<float>(lambda) * w);
    }
    visit_rule<float>(options, step + 20'000, false,  // bias corrections are over
                      [&](const auto& rule) { rule(gradient, w, state, 1); });
    if (step == touched) begin = std::abs(w);
    if (step > touched) largest = std::max(largest, static_cast<double>(std::abs(w) - begin));
  }
  return largest;
}

TEST(IdleRise, BoundsWhatWeightsDo) {
  for (const std::string rule : {"adam", "adam-tf", "adamw", "sgd", "adagrad", "rmsprop"}) {
    const bool adam = rule.starts_with("adam");
    for (const double beta1 : {0.9, 0.5, 0.97}) {
      RuleOptions options;
      options.rule = rule;
      options.learning_rate = 0.01;
      options.beta1 = beta1;
      double nearest = 0;
      for (uint64_t seed = 1; seed <= 20; ++seed) {
        for (const double lambda : {1e-5, 0.01, 1.0}) {
          const double bound = idle_rise(options, options.learning_rate, lambda);
          // β2/β1 makes Cauchy and Schwarz an equality.
          const double rise =
              largest_rise(options, lambda, seed % 2 == 0 ? 0.999 / beta1 : 1.01, seed);
          ASSERT_LE(rise, bound) << rule << " " << beta1 << " " << lambda << " " << seed;
          nearest = std::max(nearest, rise / bound);
        }
      }
      EXPECT_GT(nearest, adam ? 0.3 : -1.0) << rule << " " << beta1;
    }
  }
}

TEST(IdleRise, IsInfiniteWhereNothingIsKnown) {
  RuleOptions options;
  EXPECT_LT(idle_rise(options, 1e-3, 0.1), 0.1);  // 7.3 · 10.1 rates
  options.epsilon = 1e-20;
  EXPECT_EQ(idle_rise(options, 1e-3, 0.1), kInfinity);
  options = {};
  options.beta1 = 0.9996;
  EXPECT_EQ(idle_rise(options, 1e-3, 0.1), kInfinity);
  options = {};
  options.rule = "adamw";
  options.weight_decay = 2000;
  EXPECT_EQ(idle_rise(options, 1e-3, 0.1), kInfinity);
  options = {};
  options.rule = "sgd";
  EXPECT_EQ(idle_rise(options, 0.1, 5), 0);
  EXPECT_EQ(idle_rise(options, 0.1, 11), kInfinity);
  options.rule = "momentum";
  EXPECT_EQ(idle_rise(options, 1e-3, 0.1), kInfinity);
}

TEST(RowNorms, BoundTheSumInAnyOrder) {
  Draws draws(3, 3);
  Tensor weight({200, 7}, DType::f32);
  for (int64_t i = 0; i < weight.count(); ++i)
    weight.data<float>()[i] = static_cast<float>(draws.normal() * std::pow(10, -draws.below(9)));
  auto sum = [&] {
    double squares = 0;
    for (const float w : weight.span<float>()) squares += static_cast<double>(w) * w;
    return squares;
  };
  RowNorms norms, whole, restored;
  norms.measure(weight);
  for (int round = 0; round < 50; ++round) {
    std::vector<int64_t> ids{draws.below(100), 100 + draws.below(100)};
    for (const int64_t id : ids)
      weight.data<float>()[id * 7 + 3] = static_cast<float>(draws.normal());
    norms.measure(weight, Tensor::from<int64_t>({2}, ids));
    EXPECT_GE(norms.sum_of_squares(), sum());
    EXPECT_LE(norms.sum_of_squares(), sum() * 1.000001 + 200 * 7 * 0x1p-15);
  }
  whole.measure(weight);
  EXPECT_EQ(whole.sum_of_squares(), norms.sum_of_squares());
  restored.restore(norms.rows(), 7);
  EXPECT_EQ(restored.sum_of_squares(), norms.sum_of_squares());
  for (const float bad : {1000.f, std::nanf(""), std::numeric_limits<float>::infinity()}) {
    weight.data<float>()[0] = bad;
    norms.measure(weight, Tensor::from<int64_t>({1}, std::vector<int64_t>{0}));
    EXPECT_EQ(norms.sum_of_squares(), kInfinity) << bad;
  }
  weight.data<float>()[0] = 0;
  norms.measure(weight, Tensor::from<int64_t>({1}, std::vector<int64_t>{0}));
  EXPECT_LT(norms.sum_of_squares(), kInfinity);
}

TEST(ReplayErrors, SayWhatToDo) {
  OptimizerOptions options;
  options.update = "lazy";
  EXPECT_EQ(message([&] { Optimizer optimizer(options); }),
            "optimizer: tables are updated by rows, dense or replay, got 'lazy'");
  options.update = "replay";
  for (const std::string rule : {"ftrl", "rowwise-adagrad"}) {
    options.rule = rule;
    EXPECT_EQ(message([&] { Optimizer optimizer(options); }),
              "optimizer: replay knows the steps that a row misses under adam, adam-tf, adamw, "
              "sgd, momentum, adagrad, rmsprop; with " +
                  rule + " choose rows or dense");
  }
  Twin twin(kShapes, options_of("adam", 0.01), "replay", DType::f32, 1);
  Draws draws(1, 1);
  twin.step(plan_step(draws, kShapes, DType::f32, 1e-3, {0, 0, 1, 1, 6}), 10);
  EXPECT_EQ(message([&] { twin.optimizer->state(); }),
            "optimizer: rows of 'table0' lack steps; call ParameterStore::catch_up before the "
            "state is read");
  twin.store.catch_up();
  auto state = twin.optimizer->state();
  ASSERT_TRUE(state.contains("table1:norms"));
  state["table1:norms"] = Tensor::zeros({4}, DType::f32);
  EXPECT_EQ(message([&] { twin.optimizer->restore(twin.store, state, 1); }),
            "optimizer: the state 'table1:norms' is f32 [4], adam needs f32 [17]");
}

}  // namespace
}  // namespace ctr
