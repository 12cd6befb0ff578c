// Replayed rows against the dense sweep, to the bit.

#include "ops/optim/replay.h"

#include <omp.h>

#include "engine/parallel.h"
#include "tests/ops/replay_twins.h"

namespace ctr {
namespace {

struct Case {
  std::string rule;
  double lambda;
  DType dtype;
};

std::string name_of(const testing::TestParamInfo<Case>& info) {
  std::string name = info.param.rule + (info.param.lambda > 0 ? "_l2" : "_plain") +
                     (info.param.dtype == DType::f32 ? "_f32" : "_f64");
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const std::string& rule : replayed_rules()) {
    for (double lambda : {0.0, 0.02})
      for (DType dtype : {DType::f32, DType::f64}) cases.push_back({rule, lambda, dtype});
  }
  return cases;
}

OptimizerOptions options_of(const Case& c) {
  OptimizerOptions options;
  options.rule = c.rule;
  options.l2.table = c.lambda;
  options.learning_rate = 0.01;
  return options;
}

// One number, one field's width, more than a pack's lanes, and not a divisor of them.
const std::vector<TableShape> kShapes = {{70, 1}, {17, 5}, {30, 16}, {6, 70}};

class Replay : public testing::TestWithParam<Case> {};

TEST_P(Replay, RandomPatternsEqualTheDenseSweep) {
  constexpr uint64_t kPatterns = 120;
  const DType dtype = GetParam().dtype;
  int64_t lookups = 0, rows_late = 0;
  for (uint64_t seed = 1; seed <= kPatterns; ++seed) {
    Draws draws(seed, 5);
    Twin dense(kShapes, options_of(GetParam()), "dense", dtype, seed);
    Twin replay(kShapes, options_of(GetParam()), "replay", dtype, seed);
    double rate = 0.01;
    const int64_t steps = 5 + draws.below(30);
    for (int64_t step = 0; step < steps; ++step) {
      const std::string where =
          "pattern " + std::to_string(seed) + ", step " + std::to_string(step);
      if (draws.chance(0.1)) rate *= draws.chance(0.7) ? 0.1 : 20;
      const StepPlan plan = plan_step(draws, kShapes, dtype, rate);
      const std::vector<Tensor> expected = dense.step(plan), found = replay.step(plan);
      ASSERT_EQ(expected.size(), found.size());
      for (size_t i = 0; i < found.size(); ++i)
        ASSERT_TRUE(same_bits(expected[i], found[i])) << where << ", lookup " << i;
      lookups += std::ssize(found);
      const auto table = static_cast<size_t>(draws.below(kShapes.size()));
      rows_late += same_bits(replay.tables[table]->value, dense.tables[table]->value) ? 0 : 1;
      if (draws.chance(0.1)) {  // somebody reads a whole table
        ASSERT_TRUE(same_bits(Var(*replay.tables[table]).value(), dense.tables[table]->value))
            << where;
      }
      if (draws.chance(0.05)) expect_same(dense, replay, where);
      if (draws.chance(0.05)) replay.save_and_restore();
      if (HasFailure()) return;
    }
    expect_same(dense, replay, "pattern " + std::to_string(seed));
    if (HasFailure()) return;
  }
  EXPECT_GT(lookups, 10 * kPatterns);
  // Rows do wait, unless their rule leaves them alone.
  EXPECT_EQ(rows_late > 0, !rests(options_of(GetParam()), GetParam().lambda) &&
                               !(GetParam().rule == "rmsprop" && GetParam().lambda == 0));
}

INSTANTIATE_TEST_SUITE_P(Rules, Replay, testing::ValuesIn(all_cases()), name_of);

// Rows that rest for thousands of steps: m and then v fade out through the smallest numbers there
// are, the bias corrections end, and the rate rises a thousandfold when hardly anything is left.
class LongIdle : public testing::TestWithParam<Case> {};

TEST_P(LongIdle, EqualsTheDenseSweep) {
  const std::vector<TableShape> shapes = {{40, 16}};
  for (const double beta2 : {0.99, 0.999}) {
    OptimizerOptions options = options_of(GetParam());
    options.beta2 = options.rmsprop_alpha = beta2;
    Twin dense(shapes, options, "dense", GetParam().dtype, 3);
    Twin replay(shapes, options, "replay", GetParam().dtype, 3);
    Draws draws(9, 9);
    const int64_t steps = beta2 == 0.99 ? 13'000 : 17'000;  // more than a history holds
    for (int64_t step = 0; step < steps; ++step) {
      // All rows in the first steps with gradients from 1e-14 to 1e6, then the first row alone.
      const double rate = step < 130 ? 0.01 : step < 400 ? 10 : step < 3000 ? 1e-4 : 0.3;
      StepPlan plan{rate, {{TablePlan::Kind::rows, {}, {}}}};
      std::vector<int64_t> ids{0};
      for (int64_t id = 1; step < 3 && id < 40; ++id) ids.push_back(id);
      plan.tables[0].ids = Tensor::from<int64_t>({std::ssize(ids)}, ids);
      Tensor upstream({std::ssize(ids), 16}, DType::f64);
      for (int64_t i = 0; i < upstream.count(); ++i) {
        const auto id = static_cast<double>(ids[static_cast<size_t>(i / 16)]);
        upstream.data<double>()[i] = draws.normal() * std::pow(10, id / 2 - 14);
      }
      plan.tables[0].upstream = upstream.cast(GetParam().dtype);
      dense.step(plan);
      replay.step(plan);
      if (step == 131 || step == 1000 || step == 9000) {
        const Tensor id = Tensor::from<int64_t>({2}, std::vector<int64_t>{7 + step % 20, 30});
        NoGradient off;
        EXPECT_TRUE(
            same_bits(gather(*dense.tables[0], id).value(), gather(*replay.tables[0], id).value()))
            << step;
      }
    }
    expect_same(dense, replay, "after " + std::to_string(steps) + " steps");
  }
}

INSTANTIATE_TEST_SUITE_P(Rules, LongIdle,
                         testing::Values(Case{"adam", 0, DType::f32}, Case{"adam", 0, DType::f64},
                                         Case{"adam-tf", 0, DType::f32},
                                         Case{"adamw", 0, DType::f32},
                                         Case{"momentum", 0, DType::f32},
                                         Case{"rmsprop", 0, DType::f32},
                                         Case{"adam", 1e-3, DType::f32}),
                         name_of);

TEST(ReplayThreads, DoNotChangeABit) {
  const std::vector<TableShape> shapes = {{5000, 1}, {9000, 16}, {300, 7}};
  OptimizerOptions options;
  options.l2.table = 1e-3;
  FineGrainScope fine;
  std::vector<std::unique_ptr<Twin>> runs;
  for (int threads : {1, 2, 3}) {
    omp_set_num_threads(threads);
    runs.push_back(std::make_unique<Twin>(shapes, options, "replay", DType::f32, 8));
    Draws draws(4, 4);
    for (int step = 0; step < 12; ++step)
      runs.back()->step(plan_step(draws, shapes, DType::f32, 0.01, {0, 0, 1, 1, 2000}), 3);
    runs.back()->store.catch_up();
  }
  omp_set_num_threads(omp_get_num_procs());
  expect_same(*runs[0], *runs[1], "two threads");
  expect_same(*runs[0], *runs[2], "three threads");
}

// Operators that look into several tables, one of them twice.
TEST(ReplayLookups, CatchUpWhatTheyRead) {
  const std::vector<TableShape> shapes = {{50, 4}, {40, 4}, {30, 4}};
  OptimizerOptions options;
  options.l2.table = 0.01;
  Twin dense(shapes, options, "dense", DType::f32, 2);
  Twin replay(shapes, options, "replay", DType::f32, 2);
  Draws draws(6, 6);
  const Tensor bags = Tensor::from<int64_t>({3}, std::vector<int64_t>{0, 2, 2});
  NoGradient off;
  for (int step = 0; step < 30; ++step) {
    const StepPlan plan = plan_step(draws, shapes, DType::f32, 0.01);
    dense.step(plan);
    replay.step(plan);
    std::vector<Tensor> seen[2];
    Tensor ids[4];
    for (Tensor& some : ids) {
      some = Tensor({3}, DType::i64);
      for (int64_t i = 0; i < 3; ++i) some.data<int64_t>()[i] = draws.below(30);
    }
    for (int which : {0, 1}) {
      const Twin& twin = which == 0 ? dense : replay;
      std::vector<Lookup> lookups;
      for (size_t f : {0, 1, 2, 1}) lookups.push_back({*twin.tables[f], ids[lookups.size()]});
      if (step % 3 == 0) seen[which].push_back(gather_fields(lookups).value());
      if (step % 3 == 1) seen[which].push_back(gather_sum(lookups).value());
      if (step % 3 == 2)
        seen[which].push_back(gather_bag(*twin.tables[2], ids[2], bags, Pooling::mean).value());
    }
    EXPECT_TRUE(same_bits(seen[0][0], seen[1][0])) << step;
  }
}

TEST(ReplayTables, OutliveTheirOptimizer) {
  Twin dense(kShapes, {}, "dense", DType::f32, 2), replay(kShapes, {}, "replay", DType::f32, 2);
  Draws draws(6, 6);
  for (int step = 0; step < 9; ++step) {
    const StepPlan plan = plan_step(draws, kShapes, DType::f32, 0.01);
    dense.step(plan);
    replay.step(plan);
  }
  replay.optimizer.reset();
  for (size_t t = 0; t < kShapes.size(); ++t)
    EXPECT_TRUE(same_bits(Var(*replay.tables[t]).value(), dense.tables[t]->value)) << t;
}

TEST(ReplayTables, GoFromOneOptimizerToAnother) {
  Twin dense(kShapes, {}, "dense", DType::f32, 2), replay(kShapes, {}, "replay", DType::f32, 2);
  std::unique_ptr<Optimizer> others[2];
  for (int which : {0, 1}) {
    OptimizerOptions options;
    options.update = which == 0 ? "dense" : "replay";
    options.rule = "momentum";
    others[which] = std::make_unique<Optimizer>(options);
  }
  Draws draws(6, 7);
  for (int step = 0; step < 24; ++step) {
    if (step % 5 == 4) {
      std::swap(dense.optimizer, others[0]);
      std::swap(replay.optimizer, others[1]);
    }
    const StepPlan plan = plan_step(draws, kShapes, DType::f32, 0.01, {0, 0, 1, 3, 6});
    dense.step(plan);
    replay.step(plan);
  }
  expect_same(dense, replay, "after the last swap");
}

}  // namespace
}  // namespace ctr
