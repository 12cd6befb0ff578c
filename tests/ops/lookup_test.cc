// What stands before a lookup: distinct ids, buckets of numbers, quotients and remainders.

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "autograd/coalesce.h"
#include "engine/error.h"
#include "ops/bucketing/bucketing.h"
#include "ops/gather/distinct.h"
#include "ops/op_check.h"
#include "ops/quotient_remainder/quotient_remainder.h"

namespace ctr {
namespace {

Tensor numbers(const std::vector<int64_t>& values) {
  return Tensor::from<int64_t>({static_cast<int64_t>(values.size())}, values);
}
std::vector<int64_t> list(const Tensor& tensor) {
  return {tensor.span<int64_t>().begin(), tensor.span<int64_t>().end()};
}

TEST(DistinctIds, StandInTheOrderOfTheirFirstAppearance) {
  const DistinctIds d = distinct_ids(numbers({9, INT64_MAX, 9, 0, INT64_MAX, 3}));
  EXPECT_EQ(list(d.values), (std::vector<int64_t>{9, INT64_MAX, 0, 3}));
  EXPECT_EQ(list(d.index), (std::vector<int64_t>{0, 1, 0, 2, 1, 3}));
}
TEST(DistinctIds, LeavePaddingOut) {
  const DistinctIds d = distinct_ids(numbers({0, 7, 0, 5, 7}), 0);
  EXPECT_EQ(list(d.values), (std::vector<int64_t>{7, 5}));
  EXPECT_EQ(list(d.index), (std::vector<int64_t>{2, 0, 2, 1, 0}));
  EXPECT_EQ(distinct_ids(numbers({0, 0}), 0).values.count(), 0);
  EXPECT_EQ(distinct_ids(numbers({}), 0).values.count(), 0);
}

TEST(NumericBuckets, FollowCriteosRule) {
  const std::vector<double> x{0, 0.9, 1, 1.7, 2, 2.1, 3, 10, 100, 1e6, -0.5, -1, -2.9, -3, -500};
  // floor(ln(x)²): 2.1 → 0, 3 → 1, 10 → 5, 100 → 21, 10^6 → 190 (the last row here).
  const std::vector<int64_t> expected{0, 0, 1, 1, 2, 0, 1, 5, 21, 99, 0, 100, 101, 102, 102};
  EXPECT_EQ(list(log_square_buckets(Tensor::from<double>({15}, x), 100, 3)), expected);
  const std::vector<float> edges{-7.f, std::numeric_limits<float>::infinity(),
                                 -std::numeric_limits<float>::infinity(), 4e9f};
  EXPECT_EQ(list(log_square_buckets(Tensor::from<float>({4}, edges), 100, 0)),
            (std::vector<int64_t>{0, 99, 0, 99}));
  EXPECT_EQ(list(log_square_buckets(Tensor::from<float>({4}, edges), 1000, 2)),
            (std::vector<int64_t>{1001, 999, 1001, 488}));
}
TEST(NumericBuckets, RefuseWhatIsNoNumber) {
  try {
    log_square_buckets(Tensor::from<float>({2}, std::vector<float>{1, NAN}), 10, 0);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "numeric buckets: the value at position 1 is no number");
  }
}

TEST(QuotientRemainder, ComposesTwoRows) {
  const Var q = Var(random_upstream(Tensor({3, 2}, DType::f64), 1)),
            r = Var(random_upstream(Tensor({4, 2}, DType::f64), 2));
  const std::vector<int64_t> ids{9, 0, 11};  // 9 = 2 · 4 + 1 (spec G10), 11 the last one
  for (Composition how : {Composition::multiply, Composition::add, Composition::concat}) {
    const Var y = quotient_remainder(q, r, numbers(ids), how);
    const int64_t width = y.dim(1);
    ASSERT_EQ(width, how == Composition::concat ? 4 : 2);
    for (size_t i = 0; i < ids.size(); ++i) {
      for (int64_t k = 0; k < 2; ++k) {
        const double left = q.value().data<double>()[ids[i] / 4 * 2 + k],
                     right = r.value().data<double>()[ids[i] % 4 * 2 + k];
        const double* row = y.value().data<double>() + static_cast<int64_t>(i) * width;
        if (how == Composition::concat) {
          EXPECT_EQ(row[k], left);
          EXPECT_EQ(row[2 + k], right);
        } else {
          EXPECT_EQ(row[k], how == Composition::add ? left + right : left * right);
        }
      }
    }
  }
}
// Every id has a pair of rows of its own.
TEST(QuotientRemainder, TellsAllIdsApart) {
  const Var q = Var(random_upstream(Tensor({5, 1}, DType::f64), 3)),
            r = Var(random_upstream(Tensor({7, 1}, DType::f64), 4));
  std::vector<int64_t> ids(35);
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<int64_t>(i);
  const Var y = quotient_remainder(q, r, numbers(ids), Composition::concat);
  const double* v = y.value().data<double>();
  for (int i = 0; i < 35; ++i) {
    for (int j = 0; j < i; ++j)
      EXPECT_FALSE(v[2 * i] == v[2 * j] && v[2 * i + 1] == v[2 * j + 1]) << i << ' ' << j;
  }
}
TEST(QuotientRemainder, PaddingReadsZerosAndTouchesNoRow) {
  Tape tape;
  const Var q = tape.variable(random_upstream(Tensor({3, 2}, DType::f64), 1)),
            r = tape.variable(random_upstream(Tensor({4, 2}, DType::f64), 2));
  const Var y = quotient_remainder(q, r, numbers({0, 0}), Composition::multiply, 0);
  for (double value : y.value().span<double>()) EXPECT_EQ(value, 0);
  const Gradients gradients = backward(y, {.upstream = Tensor::full({2, 2}, DType::f64, 1),
                                           .retain = false,
                                           .stop_at = {},
                                           .only = {}});
  ASSERT_TRUE(gradients[q].is_rows());
  EXPECT_EQ(coalesce(gradients[q].rows()).ids.count(), 0);
  EXPECT_EQ(coalesce(gradients[r].rows()).ids.count(), 0);
}

}  // namespace
}  // namespace ctr
