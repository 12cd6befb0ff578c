// The published split and negative-sampling rules: sizes, ratios and counts to the row.

#include "io/prepare/negatives.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "engine/error.h"
#include "io/prepare/python_random.h"

namespace ctr {
namespace {

TEST(SplitRule, SizesAreThePublishedOnes) {
  const SplitSizes expected[] = {{0, 0, 0}, {1, 0, 0}, {1, 0, 1}, {1, 1, 1}, {2, 1, 1},
                                 {3, 1, 1}, {3, 1, 2}, {4, 1, 2}, {4, 2, 2}};
  for (int64_t n = 0; n <= 8; ++n) EXPECT_EQ(split_sizes(n), expected[n]) << n;
}

TEST(SplitRule, SizesEqualTheFloatingPointOnes) {
  for (int64_t n = 2; n < 200'000; n = n * 5 / 4 + 1) {
    const auto rest = static_cast<int64_t>(std::ceil((1.0 - 0.6) * static_cast<double>(n)));
    const auto test = static_cast<int64_t>(std::ceil(0.5 * static_cast<double>(rest)));
    EXPECT_EQ(split_sizes(n), (SplitSizes{n - rest, rest - test, test})) << n;
  }
  EXPECT_EQ(split_sizes(10, {8, 1, 1}), (SplitSizes{8, 1, 1}));
  EXPECT_EQ(split_sizes(10, {1, 0, 0}), (SplitSizes{10, 0, 0}));
  EXPECT_EQ(split_sizes(10, {1, 1, 0}), (SplitSizes{5, 5, 0}));
}

TEST(SplitRule, RowsAreAPermutationThatTheSeedFixes) {
  const auto a = split_rows(1000, {}, {1, 2, 3}), b = split_rows(1000, {}, {1, 2, 3}),
             c = split_rows(1000, {}, {2, 2, 3});
  EXPECT_EQ(a, b);
  EXPECT_NE(a, c);
  EXPECT_EQ(std::count(a.begin(), a.end(), Split::train), 600);
  EXPECT_EQ(std::count(a.begin(), a.end(), Split::valid), 200);
  EXPECT_NEAR(std::count(a.begin(), a.begin() + 500, Split::train), 300, 40);  // well mixed
}

TEST(SplitRule, RefusesSharesThatMakeNoSense) {
  try {
    split_sizes(5, {0, 1, 1});
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "split: train must have a share and no share may be negative, got 0, 1, 1");
  }
  EXPECT_THROW(split_sizes(5, {1, -1, 1}), Error);
}

TEST(Negatives, RatiosArePythons) {
  const std::vector<double> expected = {.22, .23, .32, .23, .47, .21, .36, .30, .46, .25,
                                        .30, .30, .27, .20, .33, .23, .38, .22, .29, .33,
                                        .47, .23, .24, .44, .21, .47, .37, .28, .45, .43};
  EXPECT_EQ(reference_ratios(123, 30), expected);
  EXPECT_EQ(reference_ratios(7, 5), (std::vector<double>{.3, .25, .4, .22, .36}));
  PythonRandom wide((uint64_t{1} << 40) + 5);  // a seed of two 32-bit digits
  EXPECT_EQ(wide.random(), 0.5043802970418443);
  EXPECT_EQ(wide.random(), 0.2686044399723282);
}

TEST(Negatives, CountsAreTruncatedQuotients) {
  EXPECT_EQ(negatives_for(1, .22), 4);
  EXPECT_EQ(negatives_for(1, .5), 2);
  EXPECT_EQ(negatives_for(3, .3), 10);
  EXPECT_EQ(negatives_for(0, .3), 0);
}

// 40 users; user u clicks u % 7 + 1 of 60 items.
std::vector<Click> made_up_clicks() {
  std::vector<Click> clicks;
  for (int32_t user = 0; user < 40; ++user)
    for (int32_t i = 0; i <= user % 7; ++i)
      clicks.push_back({user, (user * 11 + i * i) % 60, static_cast<Split>(i % 3),
                        static_cast<int64_t>(clicks.size())});
  return clicks;
}

TEST(Negatives, AreNewDistinctAndAsManyAsTheRuleSays) {
  const std::vector<Click> clicks = made_up_clicks();
  std::set<int32_t> pool;
  std::map<int32_t, std::set<int32_t>> clicked;
  std::map<int32_t, int64_t> count;
  for (const Click& click : clicks) {
    pool.insert(click.item);
    clicked[click.user].insert(click.item);
    ++count[click.user];
  }
  for (NegativeDraw draw : {NegativeDraw::uniform, NegativeDraw::popularity}) {
    for (bool keep : {false, true}) {
      for (double ratio : {.22, .02}) {  // the second exhausts the pool
        const NegativeRule rule{draw, ratio, keep};
        std::map<int32_t, std::set<int32_t>> drawn;
        std::map<std::pair<int32_t, Split>, int64_t> parts;
        for (const Click& negative : draw_negatives(clicks, 3, rule)) {
          EXPECT_TRUE(pool.count(negative.item));
          EXPECT_FALSE(clicked[negative.user].count(negative.item));
          EXPECT_TRUE(drawn[negative.user].insert(negative.item).second);
          EXPECT_EQ(clicks[static_cast<size_t>(negative.row)].user, negative.user);
          ++parts[{negative.user, negative.split}];
        }
        for (const auto& [user, c] : count) {
          const auto left = std::ssize(pool) - std::ssize(clicked[user]);
          if (!keep) {
            EXPECT_EQ(std::ssize(drawn[user]), std::min<int64_t>(negatives_for(c, ratio), left));
            const SplitSizes sizes = split_sizes(std::ssize(drawn[user]));
            EXPECT_EQ((parts[{user, Split::test}]), sizes.test);
            EXPECT_EQ((parts[{user, Split::valid}]), sizes.valid);
          } else if (ratio == .22) {
            int64_t test = 0;
            for (const Click& click : clicks)
              test += click.user == user && click.split == Split::test ? 1 : 0;
            EXPECT_EQ((parts[{user, Split::test}]), negatives_for(test, ratio));
          }
        }
      }
    }
  }
}

TEST(Negatives, PopularItemsAreDrawnInProportion) {
  // Item 0 has 900 clicks, items 1 to 10 have 10 each; the users 0 to 999 each click one.
  std::vector<Click> clicks;
  for (int32_t user = 0; user < 1000; ++user)
    clicks.push_back({user, user < 900 ? 0 : 1 + user % 10});
  int64_t popular[2] = {0, 0}, all[2] = {0, 0};
  for (int i = 0; i < 2; ++i) {
    const NegativeRule rule{i == 0 ? NegativeDraw::uniform : NegativeDraw::popularity, 1.0};
    for (const Click& negative : draw_negatives(clicks, 0, rule)) {
      if (negative.user < 900) continue;  // those who may get item 0
      ++all[i];
      popular[i] += negative.item == 0 ? 1 : 0;
    }
  }
  EXPECT_EQ(all[0], 100);
  EXPECT_LT(popular[0], 25);  // 10 expected
  EXPECT_GT(popular[1], 80);  // 900/990 of 100
}

TEST(Negatives, DependOnSeedAndDomainAlone) {
  auto items = [](uint64_t seed, int32_t domain) {
    NegativeRule rule;
    rule.seed = seed;
    std::vector<int32_t> result;
    for (const Click& negative : draw_negatives(made_up_clicks(), domain, rule))
      result.push_back(negative.item);
    return result;
  };
  EXPECT_EQ(items(123, 0), items(123, 0));
  EXPECT_NE(items(123, 0), items(124, 0));
  EXPECT_NE(items(123, 0), items(123, 1));
}

TEST(Negatives, RefuseARatioThatMakesNoSense) {
  const std::vector<Click> clicks = {{0, 0}};
  NegativeRule rule;
  rule.ratio = 0;
  try {
    draw_negatives(clicks, 0, rule);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "negatives: the ratio of clicks to negatives must lie in [1e-6, 1e6], got 0");
  }
}

}  // namespace
}  // namespace ctr
