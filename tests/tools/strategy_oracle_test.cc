// Each strategy against its equations by hand: logistic regression in f64 under SGD, batches that
// hold a whole domain, so that a pass is one step.

#include <cmath>

#include "io/domain_rows.h"
#include "tests/tools/small_run.h"
#include "tools/strategy/parameter_set.h"
#include "tools/strategy/strategy.h"

namespace ctr {
namespace {

using Numbers = std::vector<double>;
using Rows = std::vector<uint32_t>;

Numbers moved(const Numbers& from, double share, const Numbers& to, const Numbers& base) {
  Numbers result = from;
  for (size_t i = 0; i < from.size(); ++i) result[i] += share * (to[i] - base[i]);
  return result;
}
Numbers plus(const Numbers& a, double share, const Numbers& b) {
  return moved(a, share, b, Numbers(a.size(), 0));
}

class Oracle : public SmallRuns {
 protected:
  static constexpr double kRate = 0.5;  // of SGD

  Columns columns = small_run_rows(kRows, 1);
  std::array<Rows, 2> rows;
  std::vector<int64_t> order;  // of the domains in epoch 1

  void SetUp() override {
    SmallRuns::SetUp();
    options.model = "lr";
    options.precision = "f64";
    options.batch_size = 256;
    options.epochs = 1;
    options.optimizer.rule = "sgd";
    options.optimizer.learning_rate = kRate;
    for (uint32_t r = 0; r < kRows; ++r)
      rows[static_cast<size_t>(columns.fields[2].ids[r])].push_back(r);
    find_order();
  }

  // d loss / d weights of (users, items, domains, price, bias), meaned over the rows.
  Numbers gradient(const Numbers& w, std::span<const uint32_t> of) const {
    Numbers g(w.size(), 0);
    for (const uint32_t r : of) {
      const size_t at[] = {static_cast<size_t>(columns.fields[0].ids[r]),
                           20 + static_cast<size_t>(columns.fields[1].ids[r]),
                           35 + static_cast<size_t>(columns.fields[2].ids[r])};
      const double price = static_cast<double>(columns.fields[3].numbers[r]);
      const double z = w[at[0]] + w[at[1]] + w[at[2]] + w[37] * price + w[38];
      const double e = (1 / (1 + std::exp(-z)) - static_cast<double>(columns.labels[0][r])) /
                       static_cast<double>(of.size());
      for (const size_t i : at) g[i] += e;
      g[37] += e * price;
      g[38] += e;
    }
    return g;
  }
  Numbers step(const Numbers& w, std::span<const uint32_t> of, double rate = kRate) const {
    return plus(w, -rate, gradient(w, of));
  }
  Numbers pass(const Numbers& w, int64_t domain) const {
    return step(w, rows[static_cast<size_t>(domain)]);
  }

  static Numbers weights(const BuiltModel& built) {
    Numbers all;
    const ParameterSet trained = ParameterSet::trained(const_cast<BuiltModel&>(built).store());
    for (const Tensor& value : trained.values())
      for (const double w : value.span<double>()) all.push_back(w);
    return all;
  }
  BuiltModel build64() const {
    return BuiltModel(find_model("lr"), data, model_options, DType::f64, 1);
  }
  Numbers begin() const { return weights(build64()); }

  // Trained weights: those of a domain, or −1.
  Numbers trained(int64_t domain = -1, const TrainEvents& events = {}) const {
    BuiltModel built = build64();
    train(built, data, options, events);
    if (domain >= 0) built.domain_weights()->put(domain);
    return weights(built);
  }

  static double distance(const Numbers& a, const Numbers& b) {
    EXPECT_EQ(a.size(), b.size());
    double most = 0;
    for (size_t i = 0; i < a.size(); ++i) most = std::max(most, std::fabs(a[i] - b[i]));
    return most;
  }
  void expect_near(const Numbers& a, const Numbers& b) const {
    EXPECT_LT(distance(a, b), 1e-13);
    EXPECT_GT(distance(a, begin()), 1e-4) << "nothing moved";
  }

  // `alternate` is the two steps in one order or the other.
  void find_order() {
    options.strategy.name = "alternate";
    const Numbers found = trained();
    for (const std::vector<int64_t>& candidate :
         {std::vector<int64_t>{0, 1}, std::vector<int64_t>{1, 0}}) {
      if (distance(found, pass(pass(begin(), candidate[0]), candidate[1])) < 1e-13)
        order = candidate;
    }
    ASSERT_EQ(order.size(), 2U) << "alternate is not a pass over each domain";
  }
};

TEST_F(Oracle, NegotiationFollowsPartOfTheWay) {
  options.strategy.name = "dn";
  options.strategy.outer_rate = 0.3;
  const Numbers theta = begin();
  expect_near(trained(), moved(theta, 0.3, pass(pass(theta, order[0]), order[1]), theta));
}

TEST_F(Oracle, ReptileFollowsEachDomain) {
  options.strategy.name = "reptile";
  Numbers theta = begin();
  for (const int64_t d : order) theta = moved(theta, 0.1, pass(theta, d), theta);
  expect_near(trained(), theta);
}

class Regularized : public Oracle, public testing::WithParamInterface<bool> {};

TEST_P(Regularized, OffsetsFollowTheirHelpers) {
  const bool averaged = GetParam();
  options.strategy.name = "mamdr";
  options.strategy.outer_rate = 0.3;
  options.strategy.domain_rate = 0.2;
  options.strategy.average_moves = averaged;
  Numbers shared = begin();
  shared = moved(shared, 0.3, pass(pass(shared, order[0]), order[1]), shared);
  for (const int64_t i : order) {
    Numbers own(shared.size(), 0), moves = own;
    for (const int64_t j : {1 - i, i}) {
      const Numbers from = plus(shared, 1, own);
      const Numbers to = pass(pass(from, j), i);
      if (averaged) moves = moved(moves, 1, to, from);
      if (!averaged) own = moved(own, 0.2, to, from);
    }
    if (averaged) own = plus(own, 0.2 / 2, moves);
    expect_near(trained(i), plus(shared, 1, own));
  }
  expect_near(trained(), shared);
}
INSTANTIATE_TEST_SUITE_P(Moves, Regularized, testing::Bool());

TEST_F(Oracle, RegularizationAloneTakesAllOfThePasses) {
  options.strategy.name = "dr";
  options.strategy.query_domain = false;
  const Numbers shared = pass(pass(begin(), order[0]), order[1]);
  expect_near(trained(), shared);
  expect_near(trained(0), moved(shared, 0.1, pass(pass(shared, 1), 0), shared));
}

TEST_F(Oracle, QueryBatchesAreLimited) {
  options.strategy.name = "dr";
  options.strategy.query_domain = false;
  options.strategy.query_batches = 1;
  options.batch_size = 64;
  const int64_t batches[] = {(std::ssize(rows[0]) + 63) / 64, (std::ssize(rows[1]) + 63) / 64};
  // All batches of each domain, then for each domain those of the other and one of its own.
  const int64_t expected = batches[0] + batches[1] + (batches[1] + 1) + (batches[0] + 1);
  int64_t steps = 0;
  TrainEvents events;
  events.step = [&](const StepReport& report) {
    ++steps;
    EXPECT_EQ(report.step_of_epoch, steps);
    EXPECT_EQ(report.steps_per_epoch, expected);
  };
  trained(-1, events);
  EXPECT_EQ(steps, expected);
}

TEST_F(Oracle, MamlStepsWithTheQuerysGradientAfterTheSupport) {
  options.strategy.name = "maml";
  options.strategy.outer_rate = 0.25;
  DomainRows mixed(data, Split::train);
  mixed.mix(1);
  Numbers theta = begin();
  for (const int64_t d : order) {
    const auto all = mixed.of(d);
    const size_t support = all.size() / 5;
    const Numbers adapted = step(theta, all.first(support));
    theta = plus(theta, -0.25, gradient(adapted, all.subspan(support)));
  }
  expect_near(trained(), theta);
}

TEST_F(Oracle, MldgStepsWithBothGradients) {
  options.strategy.name = "mldg";
  options.strategy.outer_rate = 0.25;
  options.strategy.support_share = 0.5;
  DomainRows mixed(data, Split::train);
  mixed.mix(1);
  Numbers theta = begin();
  for (const int64_t d : order) {
    const auto all = mixed.of(d);
    const size_t support = all.size() / 2;
    const Numbers first = gradient(theta, all.first(support));
    const Numbers second = gradient(plus(theta, -0.25, first), all.subspan(support));
    theta = plus(plus(theta, -0.25, first), -0.25, second);
  }
  expect_near(trained(), theta);
}

TEST_F(Oracle, FinetuningKeepsTheBestOfEachDomain) {
  options.strategy.name = "joint";
  options.strategy.finetune_domains = true;
  options.strategy.finetune_learning_rate = 2;
  options.strategy.finetune_epochs = 1;
  options.strategy.finetune_min_improvement = 0;
  Rows all(kRows);
  for (uint32_t r = 0; r < kRows; ++r) all[r] = r;
  const Numbers shared = step(begin(), all);
  std::vector<DomainReport> reports;
  TrainEvents events;
  events.domain = [&](const DomainReport& report) { reports.push_back(report); };
  for (int64_t d = 0; d < 2; ++d) {
    reports.clear();
    const Numbers own = trained(d, events);
    ASSERT_EQ(reports.size(), 2U);
    const DomainReport& report = reports[static_cast<size_t>(d)];
    EXPECT_EQ(report.best_epoch == 1, report.after > report.before);
    expect_near(own,
                report.best_epoch == 1 ? step(shared, rows[static_cast<size_t>(d)], 2) : shared);
  }
  expect_near(trained(), shared);
}

TEST_F(Oracle, SurgeryIsTheJointStepWithoutConflict) {
  options.strategy.name = "pcgrad";
  const Numbers theta = begin();
  std::array<Numbers, 2> g;
  double product = 0;
  for (size_t d = 0; d < 2; ++d)
    g[d] = plus(Numbers(theta.size(), 0), static_cast<double>(rows[d].size()) / kRows,
                gradient(theta, rows[d]));
  for (size_t i = 0; i < theta.size(); ++i) product += g[0][i] * g[1][i];
  ASSERT_GT(product, 0);
  expect_near(trained(), plus(plus(theta, -kRate, g[0]), -kRate, g[1]));
}

TEST_F(Oracle, SurgeryTakesConflictsAway) {
  auto oppose = [](Columns& all) {  // domain 0 clicks, domain 1 does not
    for (size_t r = 0; r < all.labels[0].size(); ++r)
      all.labels[0][r] = all.fields[2].ids[r] == 0 ? 1.0f : 0.0f;
  };
  data = make_data("conflict", oppose);
  oppose(columns);
  options.strategy.name = "pcgrad";
  const Numbers theta = begin();
  std::array<Numbers, 2> g, kept;
  double product = 0;
  std::array<double, 2> square = {0, 0};
  for (size_t d = 0; d < 2; ++d)
    g[d] = plus(Numbers(theta.size(), 0), static_cast<double>(rows[d].size()) / kRows,
                gradient(theta, rows[d]));
  for (size_t i = 0; i < theta.size(); ++i) {
    product += g[0][i] * g[1][i];
    for (size_t d = 0; d < 2; ++d) square[d] += g[d][i] * g[d][i];
  }
  ASSERT_LT(product, 0);
  for (size_t d = 0; d < 2; ++d) kept[d] = plus(g[d], -product / square[1 - d], g[1 - d]);
  expect_near(trained(), plus(plus(theta, -kRate, kept[0]), -kRate, kept[1]));
}

}  // namespace
}  // namespace ctr
