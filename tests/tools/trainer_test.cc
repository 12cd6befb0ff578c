#include "tools/trainer.h"

#include <omp.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <filesystem>

#include <gtest/gtest.h>

#include "engine/error.h"
#include "io/simulated_taobao.h"
#include "tools/metrics.h"

namespace ctr {
namespace {

const Dataset& data() {
  static const Dataset made = [] {
    const std::string path = testing::TempDir() + "/taobao-" + std::to_string(getpid());
    simulate_taobao(2024, path);
    Dataset read = read_dataset(path);
    std::filesystem::remove_all(path);  // the mappings stay
    return read;
  }();
  return made;
}

ModelOptions apg_options() {
  ModelOptions options;
  find_model("apg").preset(options);
  return options;
}

std::vector<Tensor> trained(int threads, const std::string& model) {
  omp_set_num_threads(threads);
  TrainOptions options;
  options.max_steps = 6;
  BuiltModel built(find_model(model), data(), model == "apg" ? apg_options() : ModelOptions(),
                   DType::f32, 1);
  train(built, data(), options);
  omp_set_num_threads(omp_get_num_procs());
  std::vector<Tensor> values;
  for (const auto& parameter : built.store().all()) values.push_back(parameter->value.clone());
  return values;
}

class Training : public testing::TestWithParam<std::string> {};

TEST_P(Training, GivesTheSameBitsForAnyThreadCount) {
  std::vector<Tensor> expected = trained(1, GetParam());
  for (int threads : {1, 2, 3}) {
    std::vector<Tensor> values = trained(threads, GetParam());
    for (size_t i = 0; i < values.size(); ++i) {
      EXPECT_EQ(
          std::memcmp(values[i].raw(), expected[i].raw(), static_cast<size_t>(values[i].bytes())),
          0)
          << threads;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, Training, testing::Values("lr", "mlp", "deepfm", "apg"),
                         [](const auto& info) { return info.param; });

TEST(Training, LearnsTheSimulatedData) {
  TrainOptions options;
  options.epochs = 2;
  BuiltModel built(find_model("apg"), data(), apg_options(), DType::f32, 1);
  TrainReport report = train(built, data(), options);
  EXPECT_GT(report.test.auc, 0.74);
  EXPECT_LT(report.test.auc, data().facts.at("best_auc") + 0.01);
}

TEST(Training, StopsAtAnInfiniteLoss) {
  TrainOptions options;
  options.optimizer.rule = "sgd";
  options.optimizer.learning_rate = 1e30;
  BuiltModel built(find_model("mlp"), data(), ModelOptions(), DType::f32, 1);
  EXPECT_THROW(train(built, data(), options), Error);
}

TEST(SimulatedTaobao, HasTheShapeItSays) {
  const Schema& schema = data().schema;
  EXPECT_EQ(schema.fields[0].vocabulary, 23778);
  EXPECT_EQ(schema.fields[1].vocabulary, 6932);
  EXPECT_EQ(data().rows(Split::train) + data().rows(Split::valid) + data().rows(Split::test),
            172979);
  std::vector<int64_t> sizes(10);
  for (int64_t b = 0; b < data().blocks(Split::train).blocks(); ++b) {
    for (int32_t domain : data().blocks(Split::train).block(b).ids(2))
      ++sizes[static_cast<size_t>(domain)];
  }
  EXPECT_GT(sizes[0], 5 * sizes[9]);
  EXPECT_GT(sizes[9], 1000);
  EXPECT_NEAR(data().facts.at("best_auc"), 0.8105, 1e-4);
}

TEST(Metrics, CountTiesHalf) {
  std::vector<double> score{0.1, 0.5, 0.5, 0.9}, label{0, 0, 1, 1};
  EXPECT_EQ(auc(score, label), 0.875);
  EXPECT_TRUE(std::isnan(auc(score, std::vector<double>{1, 1, 1, 1})));
}

}  // namespace
}  // namespace ctr
