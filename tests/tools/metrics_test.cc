// Metrics against pair counts, the golden figures of the specifications, and scikit-learn.

#include "tools/metrics.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include <gtest/gtest.h>

#include "engine/error.h"
#include "engine/rng.h"
#include "io/safetensors.h"
#include "tests/message.h"
#include "tools/metrics/ranking.h"

namespace ctr {
namespace {

using Values = std::vector<double>;

// By the definition: all pairs.
double pairs_auc(const Values& score, const Values& label) {
  double right = 0, pairs = 0;
  for (size_t i = 0; i < score.size(); ++i) {
    for (size_t j = 0; j < score.size(); ++j) {
      if (label[i] < 0.5 || label[j] > 0.5) continue;
      pairs += 1;
      right += score[i] > score[j] ? 1 : score[i] == score[j] ? 0.5 : 0;
    }
  }
  return right / pairs;
}

// By the definition: true and false positive rates at each threshold.
double thresholds_auc500(const Values& score, const Values& label) {
  double area = 0, last_tpr = 1, last_fpr = 1;
  for (int i = 0; i < 500; ++i) {
    const double t = i == 0 ? -1e-7 : i == 499 ? 1 + 1e-7 : i / 499.0;
    double tp = 0, fp = 0, clicks = 0, others = 0;
    for (size_t r = 0; r < score.size(); ++r) {
      (label[r] > 0.5 ? clicks : others) += 1;
      if (score[r] > t) (label[r] > 0.5 ? tp : fp) += 1;
    }
    if (i > 0) area += (last_fpr - fp / others) * (last_tpr + tp / clicks) / 2;
    last_tpr = tp / clicks;
    last_fpr = fp / others;
  }
  return area;
}

struct Rows {
  Values score, label;
  std::vector<int64_t> group;
};

// Scores on a grid of `steps`, so that ties are many.
Rows random_rows(uint64_t seed, size_t count, double steps, int64_t groups = 5) {
  const RandomStream random{seed, 7, 0};
  Rows rows;
  for (size_t i = 0; i < count; ++i) {
    rows.score.push_back(std::floor(random.uniform(3 * i) * steps) / steps);
    rows.label.push_back(random.uniform(3 * i + 1) < 0.3 ? 1 : 0);
    rows.group.push_back(
        static_cast<int64_t>(random.below(static_cast<uint64_t>(groups), 3 * i + 2)));
  }
  return rows;
}

TEST(Auc, EqualsThePairCount) {
  for (double steps : {1.0, 3.0, 20.0, 1e9}) {
    const Rows rows = random_rows(1, 200, steps);
    EXPECT_DOUBLE_EQ(auc(rows.score, rows.label), pairs_auc(rows.score, rows.label)) << steps;
  }
  EXPECT_EQ(auc(Values{-0.0, 0.0}, Values{1, 0}), 0.5);
  EXPECT_EQ(auc(Values{1, 2, 3, 4}, Values{0, 0, 1, 1}), 1);
  EXPECT_EQ(auc(Values{4, 3, 2, 1}, Values{0, 0, 1, 1}), 0);
}

TEST(Auc, OneClassHasNone) {
  EXPECT_TRUE(std::isnan(auc(Values{1, 2}, Values{1, 1})));
  EXPECT_TRUE(std::isnan(auc(Values{}, Values{})));
  EXPECT_TRUE(std::isnan(auc500(Values{0.1, 0.2}, Values{0, 0})));
}

TEST(Auc, RefusesWhatIsNoScore) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_NE(message([&] {
              auc(Values{1, nan}, Values{0, 1});
            }).find("row 1 has NaN"),
            std::string::npos);
  EXPECT_NE(message([] {
              auc(Values{1}, Values{0, 1});
            }).find("1 scores need as many labels"),
            std::string::npos);
  EXPECT_NE(message([] { auc500(Values{1.5}, Values{1}); }).find("1.5, which is no probability"),
            std::string::npos);
  EXPECT_NE(message([] {
              auc500(Values{0.5}, Values{1, 0});
            }).find("need as many labels"),
            std::string::npos);
}

TEST(Auc500, TiesWhatLiesBetweenTwoThresholds) {
  const Values p{.1001, .1009, .35, .3505, .8, .4, .9}, y{0, 1, 0, 1, 1, 0, 1};
  EXPECT_NEAR(auc500(p, y), .708333, 1e-6);
  EXPECT_DOUBLE_EQ(auc(p, y), .75);
}

TEST(Auc500, EqualsItsDefinition) {
  // Steps of 1/499 put scores on thresholds, where `p > t` decides.
  for (double steps : {499.0, 7.0, 1e6}) {
    Rows rows = random_rows(2, 300, steps);
    rows.score[0] = 0;
    rows.score[1] = 1;
    EXPECT_NEAR(auc500(rows.score, rows.label), thresholds_auc500(rows.score, rows.label), 1e-12);
  }
}

TEST(GroupAuc, EqualsTheAucOfEachGroup) {
  const Rows rows = random_rows(3, 400, 30, 6);
  const GroupAuc result = group_auc(rows.score, rows.label, rows.group, 7);
  double mean = 0, weighted = 0;
  for (int64_t g = 0; g < 6; ++g) {
    Values score, label;
    for (size_t i = 0; i < rows.score.size(); ++i) {
      if (rows.group[i] != g) continue;
      score.push_back(rows.score[i]);
      label.push_back(rows.label[i]);
    }
    const auto at = static_cast<size_t>(g);
    EXPECT_DOUBLE_EQ(result.by_group[at], pairs_auc(score, label));
    EXPECT_EQ(result.rows[at], static_cast<int64_t>(score.size()));
    mean += result.by_group[at] / 6;
    weighted += result.by_group[at] * static_cast<double>(score.size()) / 400;
  }
  EXPECT_NEAR(result.mean, mean, 1e-12);
  EXPECT_NEAR(result.weighted, weighted, 1e-12);
  EXPECT_TRUE(std::isnan(result.by_group[6]));  // no rows: neither counted nor left out
  EXPECT_EQ(result.counted, 6);
  EXPECT_TRUE(result.left_out.empty());
}

// n = [100, 300, 50] rows with AUC [.7, .6, .9].
TEST(GroupAuc, WeighsByRows) {
  Rows rows;
  auto add = [&](int64_t group, int64_t count, int64_t below) {
    // Rows in tens: five clicks that score 1, and five others. An other row below them gives two
    // halves of a pair, one beside them a half; there are `below` halves of ten.
    for (int64_t i = 0; i < count; ++i) {
      const int64_t place = i % 10;
      rows.label.push_back(place < 5 ? 1 : 0);
      const int64_t halves = std::min<int64_t>(std::max<int64_t>(below - 2 * (place - 5), 0), 2);
      rows.score.push_back(place < 5 ? 1 : 2 - static_cast<double>(halves));
      rows.group.push_back(group);
    }
  };
  add(0, 100, 7);
  add(1, 300, 6);
  add(2, 50, 9);
  const GroupAuc result = group_auc(rows.score, rows.label, rows.group, 3);
  EXPECT_EQ(result.by_group, (Values{.7, .6, .9}));
  EXPECT_NEAR(result.weighted, .655556, 1e-6);
  EXPECT_NEAR(result.mean, .733333, 1e-6);
}

TEST(GroupAuc, LeavesOutGroupsOfOneClass) {
  const Values score{.1, .9, .5, .6, .7}, label{0, 1, 1, 1, 0};
  const std::vector<int64_t> group{0, 0, 1, 1, 2};
  const GroupAuc result = group_auc(score, label, group, 4);
  EXPECT_EQ(result.mean, 1);
  EXPECT_EQ(result.weighted, 1);
  EXPECT_EQ(result.left_out, (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(result.counted, 1);
  EXPECT_TRUE(std::isnan(group_auc(score, Values{0, 0, 0, 0, 0}, group, 3).mean));
}

TEST(GroupAuc, RefusesIdsOutOfRange) {
  const std::vector<int64_t> group{0, 3};
  EXPECT_NE(message([&] {
              group_auc(Values{1, 2}, Values{0, 1}, group, 3);
            }).find("row 1 is of group 3, ids must lie in [0, 3)"),
            std::string::npos);
  EXPECT_NE(message([&] { group_auc(Values{1}, Values{0}, group, 3); }).find("got 1 and 2"),
            std::string::npos);
}

// The published figures of FuxiCTR's metrics.
TEST(Metrics, AgreeWithFuxiCtr) {
  const Values y{0, 1, 1, 0, 1, 0}, p{.1, .4, .4, .4, .9, .9};
  EXPECT_NEAR(auc(p, y), 0.6111111111, 1e-10);
  EXPECT_NEAR(log_loss(p, y), 0.8094522020, 1e-10);
}

TEST(Metrics, AgreeWithScikitLearn) {
  const TensorFile file =
      read_safetensors(std::string(CTR_SOURCE_DIR) + "/tests/golden/ops/metric.safetensors");
  const std::span<const double> score = file.at("score").span<double>();
  const std::span<const int64_t> label = file.at("label").span<int64_t>();
  const Values y(label.begin(), label.end());
  EXPECT_NEAR(auc(score, y), file.at("auc").span<double>()[0], 1e-12);
  EXPECT_NEAR(log_loss(score, y), file.at("logloss").span<double>()[0], 1e-12);
  const GroupAuc groups = group_auc(score, y, file.at("group").span<int64_t>(), 9);
  EXPECT_NEAR(groups.mean, file.at("mean_auc").span<double>()[0], 1e-12);
  EXPECT_NEAR(groups.weighted, file.at("weighted_auc").span<double>()[0], 1e-12);
  EXPECT_EQ(groups.left_out, std::vector<int64_t>{8});
}

TEST(Calibration, ComparesSums) {
  EXPECT_DOUBLE_EQ(pcoc(Values{.2, .4, .6}, Values{0, 1, 0}), 1.2);
  EXPECT_TRUE(std::isnan(pcoc(Values{.2}, Values{0})));
}

TEST(LogLoss, IsClippedAndTakesSoftLabels) {
  EXPECT_NEAR(log_loss(Values{0}, Values{1}), -std::log(1e-7), 1e-9);
  EXPECT_NEAR(log_loss(Values{.25}, Values{.25}), -.25 * std::log(.25) - .75 * std::log(.75),
              1e-15);
}

// Two users and one without clicks; the second click of user 0 ties with an other row.
TEST(RankWithinGroups, PlacesClicksBehindEqualScores) {
  const std::vector<double> score{0.9, 0.5, 0.5, 0.7, 0.1, 0.2, 0.8, 0.6, 0.4, 0.3};
  const std::vector<double> label{1, 1, 0, 0, 0, 1, 0, 0, 0, 0};
  const std::vector<int64_t> group{0, 0, 0, 0, 0, 1, 1, 1, 1, 2}, ks{1, 2, 3, 10};
  const Ranking ranking = rank_within_groups(score, label, group, 3, ks);
  EXPECT_EQ(ranking.clicks, 3);  // at places 0, 2 and 3
  const double hits[] = {1, 1, 2, 3}, mrr[] = {1, 1, 1 + 1.0 / 3, 1 + 1.0 / 3 + 0.25};
  const double ndcg[] = {1, 1, 1.5, 1.5 + 1 / std::log2(5)};
  for (size_t i = 0; i < ks.size(); ++i) {
    EXPECT_EQ(ranking.at[i].k, ks[i]);
    EXPECT_NEAR(ranking.at[i].hit_rate, hits[i] / 3, 1e-15);
    EXPECT_NEAR(ranking.at[i].mrr, mrr[i] / 3, 1e-15);
    EXPECT_NEAR(ranking.at[i].ndcg, ndcg[i] / 3, 1e-15);
  }
}

TEST(RankWithinGroups, HasNoMeanWithoutClicks) {
  const Ranking ranking =
      rank_within_groups(std::vector<double>{0.5, 0.4}, std::vector<double>{0, 0},
                         std::vector<int64_t>{0, 0}, 1, std::vector<int64_t>{5});
  EXPECT_EQ(ranking.clicks, 0);
  EXPECT_TRUE(std::isnan(ranking.at[0].hit_rate));
}

}  // namespace
}  // namespace ctr
