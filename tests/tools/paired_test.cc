// Differences paired by seed, and Student's distribution behind their intervals.

#include "tools/metrics/paired.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "tests/message.h"

namespace ctr {
namespace {

// The tables of Abramowitz and Stegun, 26.10.
TEST(Student, QuantilesAreThoseOfTheTables) {
  const struct {
    int64_t freedom;
    double at_95, at_99;
  } table[] = {{1, 12.706, 63.657}, {2, 4.303, 9.925},  {3, 3.182, 5.841},  {4, 2.776, 4.604},
               {9, 2.262, 3.250},   {10, 2.228, 3.169}, {29, 2.045, 2.756}, {120, 1.980, 2.617}};
  for (const auto& [freedom, at_95, at_99] : table) {
    EXPECT_NEAR(student_quantile(0.95, freedom), at_95, 6e-4) << freedom;
    EXPECT_NEAR(student_quantile(0.99, freedom), at_99, 6e-4) << freedom;
  }
  EXPECT_NEAR(student_within(1, 1), 0.5, 1e-15);  // Cauchy's quartiles
  EXPECT_EQ(student_within(0, 5), 0);
  EXPECT_EQ(message([] { student_quantile(1, 3); }),
            "student: confidence must be between 0 and 1, got 1");
}

TEST(PairedDifference, ByHand) {
  const std::vector<double> first{1, 2, 4}, second{0, 2, 1};  // 1, 0, 3
  const PairedDifference d = paired_difference(first, second);
  EXPECT_EQ(d.pairs, 3);
  EXPECT_NEAR(d.mean, 4.0 / 3, 1e-15);
  EXPECT_NEAR(d.deviation, std::sqrt((1.0 + 16 + 25) / 9 / 2), 1e-15);
  const double half = 4.302653 * std::sqrt(42.0 / 18 / 3);
  EXPECT_NEAR(d.interval.low, 4.0 / 3 - half, 1e-6);
  EXPECT_NEAR(d.interval.high, 4.0 / 3 + half, 1e-6);
  EXPECT_FALSE(d.clear());
  const std::vector<double> steady{1.0, 2.1, 1.2}, less{0.0, 1.0, 0.25};
  EXPECT_TRUE(paired_difference(steady, less).clear());
  EXPECT_TRUE(paired_difference(less, steady).clear());
  EXPECT_GT(paired_difference(steady, less, 0.5).interval.low,
            paired_difference(steady, less).interval.low);
}

TEST(PairedDifference, WithoutPairs) {
  const std::vector<double> first{1, NAN, 4}, second{0, 2, NAN};
  const PairedDifference one = paired_difference(first, second);
  EXPECT_EQ(one.pairs, 1);
  EXPECT_EQ(one.mean, 1);
  EXPECT_TRUE(std::isnan(one.deviation));
  EXPECT_TRUE(std::isnan(one.interval.low));
  EXPECT_FALSE(one.clear());
  const PairedDifference none = paired_difference({}, {});
  EXPECT_EQ(none.pairs, 0);
  EXPECT_TRUE(std::isnan(none.mean));
}

}  // namespace
}  // namespace ctr
