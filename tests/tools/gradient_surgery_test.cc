// PCGrad's arithmetic on gradients written by hand: dense ones and rows of a table.

#include "tools/strategy/gradient_surgery.h"

#include <array>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "tools/strategy/gradient_sum.h"

namespace ctr {
namespace {

class Surgery : public testing::Test {
 protected:
  ParameterStore store{DType::f64, 1};

  void SetUp() override {
    Scope scope(store);
    scope.parameter("net", {2}, Initializer::zeros());
    scope.table("table", {4, 2}, Initializer::zeros());
  }

  StepGradients gradients(const std::vector<double>& net, const std::vector<int64_t>& ids,
                          const std::vector<double>& values) {
    StepGradients result;
    StepGradient dense, rows;
    dense.parameter = store.find("net");
    dense.dense = Tensor::from<double>({2}, net);
    result.push_back(dense);
    rows.parameter = store.find("table");
    rows.rows = {Tensor::from<int64_t>({std::ssize(ids)}, ids),
                 Tensor::from<double>({std::ssize(ids), 2}, values)};
    result.push_back(rows);
    return result;
  }
  static std::vector<double> numbers(const Tensor& tensor) {
    const std::span<const double> all = tensor.span<double>();
    return {all.begin(), all.end()};
  }
};

TEST_F(Surgery, ProductsRunOverRowsThatBothTouched) {
  const std::vector<StepGradients> both = {gradients({1, 2}, {0, 2}, {1, 1, 3, 0}),
                                           gradients({-1, 1}, {1, 2, 3}, {9, 9, -2, 5, 7, 7})};
  EXPECT_EQ(gram(both), (std::vector<double>{1 + 4 + 1 + 1 + 9, -1 + 2 - 6, -1 + 2 - 6,
                                             1 + 1 + 81 + 81 + 4 + 25 + 49 + 49}));
}

TEST_F(Surgery, TwoInConflictAreOrthogonalToTheOtherAfterwards) {
  const std::vector<StepGradients> both = {gradients({1, 2}, {0, 2}, {1, 1, 3, 0}),
                                           gradients({-1, 1}, {2}, {-2, 5})};
  const std::vector<double> products = gram(both);
  ASSERT_LT(products[1], 0);
  const std::vector<double> w = surgery(products, 2, {1, 2, 3});
  // g'_0 = g_0 − (g_0·g_1 / ‖g_1‖²) g_1, and the other way round.
  const double a = products[1] / products[3], b = products[1] / products[0];
  EXPECT_DOUBLE_EQ(w[0], 1 - b);
  EXPECT_DOUBLE_EQ(w[1], 1 - a);
  for (size_t i = 0; i < 2; ++i) {
    std::vector<double> only = {0, 0};
    only[i] = 1;
    only[1 - i] = i == 0 ? -a : -b;
    const std::vector<StepGradients> pair = {weighted(both, only, store), both[1 - i]};
    EXPECT_NEAR(gram(pair)[1], 0, 1e-14);
  }
}

TEST_F(Surgery, WithoutConflictTheSumIsUnchanged) {
  const std::vector<StepGradients> both = {gradients({1, 2}, {0, 2}, {1, 1, 3, 0}),
                                           gradients({1, 1}, {1, 2}, {4, 5, 2, 5})};
  const std::vector<double> w = surgery(gram(both), 2, {1, 2, 3});
  EXPECT_EQ(w, (std::vector<double>{1, 1}));
  const StepGradients sum = weighted(both, w, store);
  ASSERT_EQ(sum.size(), 2U);
  EXPECT_EQ(numbers(sum[0].dense), (std::vector<double>{2, 3}));
  EXPECT_EQ(sum[1].rows.ids.span<int64_t>().size(), 3U);
  EXPECT_EQ(numbers(sum[1].rows.values), (std::vector<double>{1, 1, 4, 5, 5, 5}));
}

TEST_F(Surgery, ThreeFollowTheDrawnOrder) {
  // g_0 conflicts with both others, which conflict with each other.
  const std::vector<double> products = {4, -1, -2, -1, 3, -1, -2, -1, 5};
  auto by_order = [&](bool first_one) {
    std::vector<double> share = {1, 0, 0};
    for (const size_t j : first_one ? std::array<size_t, 2>{1, 2} : std::array<size_t, 2>{2, 1}) {
      double product = 0;
      for (size_t k = 0; k < 3; ++k) product += share[k] * products[k * 3 + j];
      if (product < 0) share[j] -= product / products[j * 3 + j];
    }
    return share;
  };
  EXPECT_NE(by_order(true), by_order(false));
  std::set<std::vector<double>> found;
  for (uint32_t step = 0; step < 20; ++step) found.insert(surgery(products, 3, {1, 2, step}));
  EXPECT_EQ(found.size(), 8U) << "two orders for each of three domains";
}

TEST_F(Surgery, GradientSumsKnowTouchedRows) {
  GradientSum sum(store);
  EXPECT_EQ(sum.sum().size(), 0U);
  sum.add(gradients({1, 2}, {0, 2}, {1, 1, 3, 0}));
  sum.add(gradients({1, 1}, {1, 2}, {4, 5, -3, 0}));
  std::map<std::string, Tensor> saved;
  sum.put_into(saved);
  GradientSum other(store);
  other.take_from(saved);
  sum.clear();
  EXPECT_EQ(sum.sum().size(), 0U);
  const StepGradients all = other.sum();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(numbers(all[0].dense), (std::vector<double>{2, 3}));
  const std::span<const int64_t> ids = all[1].rows.ids.span<int64_t>();
  EXPECT_EQ(std::vector<int64_t>(ids.begin(), ids.end()), (std::vector<int64_t>{0, 1, 2}));
  EXPECT_EQ(numbers(all[1].rows.values), (std::vector<double>{1, 1, 4, 5, 0, 0}));
}

}  // namespace
}  // namespace ctr
