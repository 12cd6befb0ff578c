// Intervals of AUCs: DeLong's variance against its definition in O(n²), coverage on simulated
// draws, and the bootstrap against both.

#include <omp.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <vector>

#include <gtest/gtest.h>

#include "engine/error.h"
#include "engine/rng.h"
#include "tests/message.h"
#include "tools/metrics.h"
#include "tools/metrics/bootstrap.h"
#include "tools/metrics/delong.h"

namespace ctr {
namespace {

using Values = std::vector<double>;

struct Rows {
  Values first, second, label;
  std::vector<int64_t> group, domain;
};

// Two noisy scores of the same truth; `steps` > 0 rounds them, so that ties appear.
Rows random_rows(uint64_t seed, size_t count, double steps, uint64_t rows_per_group = 1) {
  const RandomStream random{seed, 11, 0};
  Rows rows;
  for (size_t i = 0; i < count; ++i) {
    const double click = random.uniform(5 * i) < 0.4 ? 1 : 0;
    const uint64_t group = i / rows_per_group;
    const double shared = random.normal(5 * i + 1) + click;
    auto cut = [&](double x) { return steps > 0 ? std::floor(x * steps) / steps : x; };
    rows.first.push_back(cut(shared + random.normal(5 * i + 2)));
    rows.second.push_back(cut(shared + 1.5 * random.normal(5 * i + 3)));
    rows.label.push_back(click);
    rows.group.push_back(static_cast<int64_t>(group));
    rows.domain.push_back(static_cast<int64_t>(random.below(3, 5 * i + 4)));
  }
  return rows;
}

// DeLong et al. (1988), equations 4 to 6, pair by pair: covariance of the two AUCs.
double naive_covariance(const Values& a, const Values& b, const Values& label) {
  Values clicks_a, clicks_b, others_a, others_b;
  for (size_t i = 0; i < label.size(); ++i) {
    (label[i] > 0.5 ? clicks_a : others_a).push_back(a[i]);
    (label[i] > 0.5 ? clicks_b : others_b).push_back(b[i]);
  }
  auto psi = [](double x, double y) { return y < x ? 1.0 : y == x ? 0.5 : 0.0; };
  const auto m = static_cast<double>(clicks_a.size()), n = static_cast<double>(others_a.size());
  double theta_a = 0, theta_b = 0;
  for (size_t i = 0; i < clicks_a.size(); ++i) {
    for (size_t j = 0; j < others_a.size(); ++j) {
      theta_a += psi(clicks_a[i], others_a[j]) / m / n;
      theta_b += psi(clicks_b[i], others_b[j]) / m / n;
    }
  }
  double s10 = 0, s01 = 0;
  for (size_t i = 0; i < clicks_a.size(); ++i) {
    double v_a = 0, v_b = 0;
    for (size_t j = 0; j < others_a.size(); ++j) {
      v_a += psi(clicks_a[i], others_a[j]) / n;
      v_b += psi(clicks_b[i], others_b[j]) / n;
    }
    s10 += (v_a - theta_a) * (v_b - theta_b) / (m - 1);
  }
  for (size_t j = 0; j < others_a.size(); ++j) {
    double v_a = 0, v_b = 0;
    for (size_t i = 0; i < clicks_a.size(); ++i) {
      v_a += psi(clicks_a[i], others_a[j]) / m;
      v_b += psi(clicks_b[i], others_b[j]) / m;
    }
    s01 += (v_a - theta_a) * (v_b - theta_b) / (n - 1);
  }
  return s10 / m + s01 / n;
}

TEST(DeLong, VarianceEqualsItsDefinition) {
  for (double steps : {0.0, 1.0, 4.0}) {
    const Rows rows = random_rows(1, 150, steps);
    const AucEstimate estimate = delong(rows.first, rows.label);
    EXPECT_DOUBLE_EQ(estimate.auc, auc(rows.first, rows.label));
    EXPECT_NEAR(estimate.variance, naive_covariance(rows.first, rows.first, rows.label), 1e-14);
    EXPECT_NEAR(estimate.interval.standard_error, std::sqrt(estimate.variance), 1e-15);
    EXPECT_NEAR(estimate.interval.high - estimate.auc,
                1.959963984540054 * std::sqrt(estimate.variance), 1e-12);
    EXPECT_NEAR(estimate.auc - estimate.interval.low, estimate.interval.high - estimate.auc, 1e-12);
  }
}

TEST(DeLong, PairedTestEqualsItsDefinition) {
  for (double steps : {0.0, 2.0}) {
    const Rows rows = random_rows(2, 150, steps);
    const AucComparison result = compare_auc(rows.first, rows.second, rows.label);
    const double variance = naive_covariance(rows.first, rows.first, rows.label) +
                            naive_covariance(rows.second, rows.second, rows.label) -
                            2 * naive_covariance(rows.first, rows.second, rows.label);
    EXPECT_NEAR(result.interval.standard_error, std::sqrt(variance), 1e-12);
    EXPECT_NEAR(result.z, result.difference / std::sqrt(variance), 1e-9);
    EXPECT_NEAR(result.p_value, std::erfc(std::abs(result.z) / std::sqrt(2.0)), 1e-12);
    // Opposite order, opposite sign.
    EXPECT_NEAR(compare_auc(rows.second, rows.first, rows.label).z, -result.z, 1e-9);
  }
}

TEST(DeLong, EqualModelsDoNotDiffer) {
  const Rows rows = random_rows(3, 100, 0);
  const AucComparison same = compare_auc(rows.first, rows.first, rows.label);
  EXPECT_EQ(same.z, 0);
  EXPECT_EQ(same.p_value, 1);
  // Only the order counts.
  Values shifted;
  for (double s : rows.first) shifted.push_back(3 * s - 7);
  EXPECT_EQ(compare_auc(rows.first, shifted, rows.label).p_value, 1);
}

TEST(DeLong, CoversTheTruth) {
  // Normal scores one deviation apart: the AUC is Φ(1 / √2) = .76025.
  int covered = 0;
  const double truth = 0.7602499389065233;
  for (uint32_t draw = 0; draw < 400; ++draw) {
    const RandomStream random{5, 3, draw};
    Values score, label;
    for (uint64_t i = 0; i < 200; ++i) {
      label.push_back(i < 80 ? 1 : 0);
      score.push_back(random.normal(i) + label.back());
    }
    const Interval interval = delong(score, label).interval;
    covered += interval.low <= truth && truth <= interval.high ? 1 : 0;
  }
  EXPECT_GT(covered, 400 * 0.92);
  EXPECT_LT(covered, 400 * 0.98);
}

TEST(DeLong, HasNoIntervalWithoutTwoOfAClass) {
  const AucEstimate one = delong(Values{.2, .4, .6}, Values{0, 1, 0});
  EXPECT_EQ(one.auc, 0.5);
  EXPECT_TRUE(std::isnan(one.interval.low));
  EXPECT_TRUE(std::isnan(delong(Values{.2}, Values{0}).auc));
}

TEST(Intervals, RefuseWhatCannotBe) {
  const Values s{.1, .2}, y{0, 1};
  EXPECT_NE(message([&] { delong(s, y, 1); }).find("must lie between 0 and 1, got 1"),
            std::string::npos);
  EXPECT_NE(message([&] { compare_auc(s, Values{.1}, y); }).find("same rows, got 2 and 1"),
            std::string::npos);
  const std::vector<int64_t> domain{0, 0};
  EXPECT_NE(message([&] {
              bootstrap({s, y, domain, 1, {}, 0}, {0, 1, .95});
            }).find("at least one replicate, got 0"),
            std::string::npos);
  EXPECT_NE(message([&] {
              bootstrap({s, y, domain, 1, {}, 0}, {10, 1, 95});
            }).find("must lie between 0 and 1, got 95"),
            std::string::npos);
}

ScoredRows scored(const Rows& rows, bool groups) {
  ScoredRows result{rows.first, rows.label, rows.domain, 3, {}, 0};
  if (groups) {
    result.group = rows.group;
    result.groups = rows.group.back() + 1;
  }
  return result;
}

TEST(Bootstrap, AgreesWithDeLongOnIndependentRows) {
  const Rows rows = random_rows(6, 1500, 3);
  const BootstrapIntervals result = bootstrap(scored(rows, false), {600, 1, 0.95});
  const AucEstimate exact = delong(rows.first, rows.label);
  EXPECT_NEAR(result.auc.standard_error / exact.interval.standard_error, 1, 0.1);
  EXPECT_NEAR(result.auc.low, exact.interval.low, 0.004);
  EXPECT_NEAR(result.auc.high, exact.interval.high, 0.004);
  // Three domains of about equal size: mean AUC and WAUC are as sure as each other.
  const GroupAuc domains = group_auc(rows.first, rows.label, rows.domain, 3);
  EXPECT_LT(result.mean_auc.low, domains.mean);
  EXPECT_GT(result.mean_auc.high, domains.mean);
  EXPECT_NEAR(result.wauc.standard_error, result.mean_auc.standard_error, 0.001);
  ASSERT_EQ(result.by_domain.size(), 3);
  EXPECT_LT(result.by_domain[1].low, domains.by_group[1]);
  EXPECT_GT(result.by_domain[1].high, domains.by_group[1]);
  EXPECT_GT(result.by_domain[1].standard_error, result.auc.standard_error);
  EXPECT_TRUE(std::isnan(result.gauc.low));
}

// One replicate, counted again by repeating rows.
TEST(Bootstrap, ReplicateEqualsTheMetricsOfRepeatedRows) {
  const Rows rows = random_rows(7, 120, 2, 8);
  const BootstrapIntervals result = bootstrap(scored(rows, true), {1, 9, 0.95});
  Values score, label;
  std::vector<int64_t> domain, group;
  const RandomStream draws{9, stream_of("bootstrap"), 0};
  for (uint64_t u = 0; u < 15; ++u) {
    const auto drawn = static_cast<int64_t>(draws.below(15, u));
    for (size_t i = 0; i < rows.label.size(); ++i) {
      if (rows.group[i] != drawn) continue;
      score.push_back(rows.first[i]);
      label.push_back(rows.label[i]);
      domain.push_back(rows.domain[i]);
      group.push_back(static_cast<int64_t>(u));
    }
  }
  const GroupAuc domains = group_auc(score, label, domain, 3);
  const GroupAuc users = group_auc(score, label, group, 15);
  EXPECT_NEAR(result.auc.low, auc(score, label), 1e-12);
  EXPECT_NEAR(result.mean_auc.low, domains.mean, 1e-12);
  EXPECT_NEAR(result.wauc.high, domains.weighted, 1e-12);
  EXPECT_NEAR(result.gauc.low, users.weighted, 1e-12);
  EXPECT_NEAR(result.gauc_plain.low, users.mean, 1e-12);
  EXPECT_NEAR(result.by_domain[2].low, domains.by_group[2], 1e-12);
}

TEST(Bootstrap, IsAFunctionOfItsSeed) {
  const Rows rows = random_rows(8, 300, 0, 5);
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  const BootstrapIntervals one = bootstrap(scored(rows, true), {50, 4, 0.9});
  omp_set_num_threads(3);
  const BootstrapIntervals three = bootstrap(scored(rows, true), {50, 4, 0.9});
  omp_set_num_threads(threads);
  EXPECT_EQ(one.auc.low, three.auc.low);
  EXPECT_EQ(one.gauc.standard_error, three.gauc.standard_error);
  EXPECT_NE(one.auc.low, bootstrap(scored(rows, true), {50, 5, 0.9}).auc.low);
}

TEST(Bootstrap, KeepsTheRowsOfAUserTogether) {
  // Each user's rows are copies: drawing rows would be four times too sure of the variance.
  Rows rows;
  const Rows single = random_rows(9, 200, 0);
  for (size_t i = 0; i < 200; ++i) {
    for (int copy = 0; copy < 4; ++copy) {
      rows.first.push_back(single.first[i]);
      rows.label.push_back(single.label[i]);
      rows.domain.push_back(0);
      rows.group.push_back(static_cast<int64_t>(i));
    }
  }
  const double by_user = bootstrap(scored(rows, true), {400, 1, .95}).auc.standard_error;
  const double by_row = bootstrap(scored(rows, false), {400, 1, .95}).auc.standard_error;
  EXPECT_NEAR(by_user / by_row, 2, 0.25);
}

}  // namespace
}  // namespace ctr
