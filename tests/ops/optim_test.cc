// Penalty, norm and clipping against loops written from their formulas.

#include <omp.h>

#include <cmath>

#include <gtest/gtest.h>

#include "engine/error.h"
#include "ops/elementwise/elementwise.h"
#include "ops/gather/gather.h"
#include "ops/optim/optimizer.h"

namespace ctr {
namespace {

class Regularised : public testing::Test {
 protected:
  ParameterStore store{DType::f64, 1};
  const Parameter& table = Scope(store).table("table", {5, 2}, Initializer::normal(1));
  const Parameter& net = Scope(store).parameter("net", {4}, Initializer::normal(1));
  const Parameter& idle = Scope(store).parameter("idle", {3}, Initializer::normal(1));
  const Parameter& frozen = Scope(store).frozen_table("frozen", Tensor::full({2}, DType::f64, 9));

  // Rows 1, 3, 1 of the table times the net's vector, added up: gradients of 1-d sums.
  Gradients gradients() {
    Tape tape;
    Tensor ids = Tensor::from<int64_t>({2}, std::vector<int64_t>{1, 1});
    Var looked = gather(table, ids);  // [2, 2]
    Var net_value(net);               // [4]
    BackwardOptions options;
    options.upstream = Tensor::from<double>({2, 2}, std::vector<double>{1, 2, 3, 4});
    Gradients result = backward(looked, options);
    options.upstream = Tensor::from<double>({4}, std::vector<double>{5, 6, 7, 8});
    result.add(backward(scale(net_value, 1.0), options));
    return result;
  }
  static double at(const Tensor& tensor, int64_t i) { return tensor.data<double>()[i]; }
};

TEST_F(Regularised, PenaltyFallsOnTouchedRows) {
  StepGradients all = gather_gradients(store, gradients(), TableUpdate::rows, {0.5, 0.25});
  ASSERT_EQ(all.size(), 3u);
  EXPECT_TRUE(all[0].is_rows());
  EXPECT_EQ(all[0].rows.ids.count(), 1);
  for (int64_t k = 0; k < 2; ++k)
    EXPECT_EQ(at(all[0].rows.values, k), (k == 0 ? 4 : 6) + 0.5 * at(table.value, 2 + k));
  for (int64_t i = 0; i < 4; ++i)
    EXPECT_EQ(at(all[1].dense, i), static_cast<double>(5 + i) + 0.25 * at(net.value, i));
  for (int64_t i = 0; i < 3; ++i) EXPECT_EQ(at(all[2].dense, i), 0.25 * at(idle.value, i));
}
TEST_F(Regularised, PenaltyFallsOnWholeTablesWithDenseUpdates) {
  StepGradients all = gather_gradients(store, gradients(), TableUpdate::dense, {0.5, 0});
  ASSERT_EQ(all.size(), 2u);
  const double sums[10] = {0, 0, 4, 6, 0, 0, 0, 0, 0, 0};
  for (int64_t i = 0; i < 10; ++i)
    EXPECT_EQ(at(all[0].dense, i), sums[i] + 0.5 * at(table.value, i));
}
TEST_F(Regularised, NormIsThatOfAllGradients) {
  StepGradients all = gather_gradients(store, gradients(), TableUpdate::rows, {});
  EXPECT_NEAR(global_norm(all), std::sqrt(16.0 + 36 + 25 + 36 + 49 + 64), 1e-12);
}
TEST_F(Regularised, ClippingScalesAsPyTorch) {
  StepGradients all = gather_gradients(store, gradients(), TableUpdate::rows, {});
  const double norm = global_norm(all);
  EXPECT_EQ(clip(all, norm, norm * 2), 1);
  EXPECT_EQ(at(all[1].dense, 0), 5);
  EXPECT_EQ(clip(all, norm, 3), 3 / (norm + 1e-6));
  EXPECT_EQ(at(all[1].dense, 0), 5 * (3 / (norm + 1e-6)));
  EXPECT_EQ(at(all[0].rows.values, 1), 6 * (3 / (norm + 1e-6)));
}
TEST(GlobalNorm, DoesNotDependOnTheThreadCount) {
  ParameterStore store(DType::f32, 1);
  const Parameter& large = Scope(store).parameter("large", {100003}, Initializer::normal(1));
  StepGradients all;
  all.push_back({store.find("large"), large.value, {}});
  double naive = 0;
  for (float g : large.value.span<float>()) naive += static_cast<double>(g) * g;
  omp_set_num_threads(1);
  const double one = global_norm(all);
  omp_set_num_threads(3);
  const double three = global_norm(all);
  omp_set_num_threads(omp_get_num_procs());
  EXPECT_EQ(one, three);
  EXPECT_NEAR(one, std::sqrt(naive), 1e-9);
}

TEST_F(Regularised, StateComesBackByName) {
  for (const char* update : {"rows", "dense"}) {
    OptimizerOptions options;
    options.update = update;
    Optimizer first(options), second(options);
    first.step(store, gradients());
    second.restore(store, first.state(), first.steps());
    Tensor before = table.value.clone(), net_before = net.value.clone();
    first.step(store, gradients());
    Tensor expected = table.value.clone(), net_expected = net.value.clone();
    store.find("table")->value = before;
    store.find("net")->value = net_before;
    second.step(store, gradients());
    for (int64_t i = 0; i < 10; ++i) EXPECT_EQ(at(table.value, i), at(expected, i)) << update;
    for (int64_t i = 0; i < 4; ++i) EXPECT_EQ(at(net.value, i), at(net_expected, i)) << update;
  }
}
TEST_F(Regularised, ForeignStateIsRefused) {
  Optimizer optimizer(OptimizerOptions{});
  auto refusal = [&](const std::string& key, const Tensor& value) -> std::string {
    try {
      optimizer.restore(store, {{key, value}}, 1);
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_EQ(refusal("nett", Tensor::full({1, 2, 4}, DType::f64, 0)),
            "optimizer: there is no parameter for the state 'nett'");
  EXPECT_EQ(refusal("net", Tensor::full({1, 1, 4}, DType::f64, 0)),
            "optimizer: the state 'net' is f64 [1,1,4], adam needs f64 [1,2,4]");
  EXPECT_EQ(refusal("table", Tensor::full({5, 2}, DType::f64, 0)),
            "optimizer: the state 'table' is f64 [5,2], adam needs f64 [5,2,2]");
}

}  // namespace
}  // namespace ctr
