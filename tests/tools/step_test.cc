// The learning rate, early stopping, accumulation, clipping, and steps that are not finite.

#include <algorithm>
#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "io/batch_loader.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "ops/loss/loss.h"
#include "tests/tools/small_run.h"
#include "tools/model_file.h"
#include "tools/train_step.h"

namespace ctr {
namespace {

TEST(Schedule, FollowsItsFormula) {
  ScheduleOptions options;
  EXPECT_EQ(rate_at(options, 0.5, 7, {}), 0.5);
  options.warmup_steps = 4;
  EXPECT_EQ(rate_at(options, 0.5, 1, {}), 0.125);
  EXPECT_EQ(rate_at(options, 0.5, 4, {}), 0.5);
  options.kind = "cosine";
  options.steps = 14;
  options.least_rate = 0.1;
  EXPECT_NEAR(rate_at(options, 0.5, 9, {}), 0.3, 1e-15);  // half way
  EXPECT_NEAR(rate_at(options, 0.5, 14, {}), 0.1, 1e-15);
  EXPECT_EQ(rate_at(options, 0.5, 99, {}), rate_at(options, 0.5, 14, {}));
}
TEST(Schedule, PlateauCutsAtEachEpochThatIsNotBetter) {
  ScheduleOptions options;
  options.kind = "plateau";
  PlateauState state;
  for (bool better : {true, false, true, false}) observe_epoch(options, better, state);
  EXPECT_NEAR(rate_at(options, 1e-3, 1, state), 1e-5, 1e-20);  // a better epoch raises nothing
  for (int i = 0; i < 9; ++i) observe_epoch(options, false, state);
  EXPECT_EQ(rate_at(options, 1e-3, 1, state), 1e-6);
  options.plateau_patience = 2;
  state = {};
  observe_epoch(options, false, state);
  EXPECT_EQ(state.cuts, 0);
  observe_epoch(options, false, state);
  EXPECT_EQ(state.cuts, 1);
}
TEST(EarlyStop, CountsEpochsWithoutAnImprovement) {
  EarlyStop stop;
  EXPECT_FALSE(stop.observe(std::nan(""), 1e-6, 1, 10));
  EXPECT_TRUE(stop.observe(-0.7, 1e-6, 2, 20));  // a log-loss: below zero
  EXPECT_FALSE(stop.observe(-0.7, 0, 3, 30));
  EXPECT_FALSE(stop.observe(-0.7 + 1e-7, 1e-6, 4, 40));
  EXPECT_EQ(stop.waiting, 2);
  EXPECT_TRUE(stop.observe(-0.6, 1e-6, 5, 50));
  EXPECT_EQ(stop.best_step, 50);
  EXPECT_EQ(stop.waiting, 0);
}
TEST(EarlyStop, MonitorsAreHigherWhenBetter) {
  Metrics metrics;
  metrics.auc = 0.8;
  metrics.logloss = 0.5;
  metrics.mean_auc = 0.7;
  metrics.wauc = 0.6;
  metrics.gauc = 0.9;
  metrics.ranking = {0.1, 0.4, 0.2, 0.3};
  const std::vector<double> expected{0.8, 0.8, -0.5, 0.8 - 0.5, 0.7, 0.6, 0.9, 0.1, 0.4, 0.2, 0.3};
  const std::vector<std::string> names = monitor_names();
  ASSERT_EQ(names.size(), expected.size());
  for (size_t i = 0; i < names.size(); ++i)
    EXPECT_EQ(monitored(names[i], metrics), expected[i]) << names[i];
  metrics.auc = std::nan("");
  EXPECT_EQ(monitored("auto", metrics), 0.3) << "of clicks alone";
}

class Steps : public SmallRuns {
 protected:
  // The training split in order.
  std::vector<Batch> batches_of(int64_t size) {
    LoaderOptions reading;
    reading.batch_size = size;
    BatchLoader loader(data, Split::train, reading);
    std::vector<Batch> result;
    for (Batch batch; loader.next(batch);) result.push_back(std::move(batch));
    return result;
  }
  // Weights after two steps over the same rows.
  std::map<std::string, Tensor> stepped(const std::vector<Batch>& batches, double clip_norm) {
    BuiltModel built(find_model("deepfm"), data, model_options, DType::f64, 1);
    Optimizer optimizer(options.optimizer);
    TrainStep step(built, data.schema, optimizer, clip_norm, [](NonFinite&) {});
    for (uint32_t i = 0; i < 2; ++i) result = step(batches, i);
    return built.weights();
  }
  StepResult result;
};

TEST_F(Steps, AccumulationEqualsOneLargeBatch) {
  for (const char* update : {"rows", "dense"}) {
    options.optimizer.update = update;
    options.optimizer.l2 = {0.01, 0.01};
    const auto large = stepped(batches_of(kRows), 0.1);
    const StepResult expected = result;
    const auto parts = stepped(batches_of(100), 0.1);  // 100, 100 and 50 rows
    EXPECT_NEAR(result.loss, expected.loss, 1e-14);
    EXPECT_NEAR(result.gradient_norm, expected.gradient_norm, 1e-14);
    EXPECT_EQ(result.rows, kRows);
    for (const auto& [name, value] : large) {
      for (int64_t i = 0; i < value.count(); ++i) {
        EXPECT_NEAR(value.data<double>()[i], parts.at(name).data<double>()[i], 1e-9)
            << update << " " << name;
      }
    }
  }
}

class NotFinite : public Steps {
 protected:
  nlohmann::json report() { return parse_json(read_text(path("run") + "/nan.json")); }
};

// Block files hold finite numbers alone; a reader of another kind may not.
TEST_F(NotFinite, AnInputIsNamedWithItsRows) {
  BuiltModel built = build();
  Optimizer optimizer(options.optimizer);
  RunDirectory directory = RunDirectory::create(path("run"), "");
  directory.begin(data, options, model_options);
  TrainStep step(built, data.schema, optimizer, 0,
                 [&](NonFinite& found) { directory.events(options).non_finite(found); });
  std::vector<Batch> batches = batches_of(128);
  batches[1].fields[3].values.data<float>()[17] = std::numeric_limits<float>::infinity();
  batches[1].fields[3].values.data<float>()[40] = std::nanf("");
  EXPECT_EQ(
      message([&] { step(batches, 0); }),
      "train: the loss of step 1 (epoch 0) is nan; the first tensor that is not finite is the "
      "numbers of field 'price', at element 17 of 122; 2 of the step's 250 rows are "
      "concerned, first row 145 of the training split; lower --learning-rate, set "
      "--clip-norm, or look for odd values in the data");
  EXPECT_EQ(report()["bad_rows"].get<std::vector<int64_t>>(), (std::vector<int64_t>{145, 168}));
  EXPECT_EQ(report()["rows"].size(), 250u);
  EXPECT_EQ(report()["what"], "loss");
  EXPECT_EQ(report()["value"], "nan");
}
TEST_F(NotFinite, AnOperatorIsNamed) {
  BuiltModel built = build();
  float* weight = built.store().find("mlp/0/weight")->value.data<float>();
  for (int i = 0; i < 8; ++i) weight[i] = 3e38f;
  options.optimizer.learning_rate = 0;
  auto& table = built.store().find("embedding/user")->value;
  for (int64_t i = 0; i < table.count(); ++i) table.data<float>()[i] = 100;
  const std::string text = message([&] { train(built, data, options); });
  EXPECT_NE(text.find("not finite is the result [32,8] of operator "), std::string::npos) << text;
  EXPECT_NE(text.find("'linear'"), std::string::npos) << text;
}
TEST_F(NotFinite, AParameterIsNamed) {
  BuiltModel built = build();
  built.store().find("linear/bias")->value.data<float>()[0] = std::nanf("");
  EXPECT_NE(message([&] {
              train(built, data, options);
            }).find("is the parameter 'linear/bias', at element 0 of 1; 32 of the step's 32 rows"),
            std::string::npos);
}
TEST_F(NotFinite, AGradientIsNamedAndMovesNoWeight) {
  BuiltModel built = build();
  Optimizer optimizer(options.optimizer);
  NonFinite found;
  TrainStep step(built, data.schema, optimizer, 0, [&](NonFinite& f) { found = f; });
  const std::vector<Batch> batches = batches_of(kRows);
  // A finite loss whose gradient overflows: the weights' product is 1e44, the vectors are tiny.
  auto fill = [&](const std::string& name, float value) {
    Tensor& tensor = built.store().find(name)->value;
    std::fill_n(tensor.data<float>(), tensor.count(), value);
  };
  fill("mlp/0/weight", 1e19f);
  fill("head/weight", 1e25f);
  for (const char* field : {"user", "item", "domain", "price"})
    fill(std::string("embedding/") + field, 1e-37f);
  const Tensor before = built.store().find("embedding/item")->value.clone();
  const std::string text = message([&] { step(batches, 0); });
  EXPECT_NE(text.find("the gradient norm of step 1 (epoch 0) is nan"), std::string::npos) << text;
  EXPECT_EQ(found.tensor.substr(0, 46), "the gradient of the parameter 'embedding/user'");
  const Tensor after = built.store().find("embedding/item")->value;
  for (int64_t i = 0; i < before.count(); ++i)
    EXPECT_EQ(before.data<float>()[i], after.data<float>()[i]);
}

class Model : public SmallRuns {};

TEST_F(Model, FileHoldsAllThatItNeeds) {
  options.max_steps = 4;
  start("run");
  std::filesystem::remove_all(path("data"));
  ModelFile file = read_model_file(path("run"));
  EXPECT_EQ(file.schema, data.schema);
  EXPECT_EQ(file.train.model, "deepfm");
  EXPECT_EQ(file.model.hidden_units, IntList{8});
  const auto weights = file.build()->weights();
  BuiltModel other = build();
  other.load(read_safetensors(path("run") + "/model.safetensors").tensors, "the run");
  for (const auto& [name, value] : other.weights())
    EXPECT_EQ(value.data<float>()[0], weights.at(name).data<float>()[0]) << name;
}
TEST_F(Model, DamageIsNamed) {
  options.max_steps = 4;
  start("run");
  const std::string weights = path("run") + "/model.safetensors";
  std::string bytes = read_text(weights);
  bytes.back() ^= 1;
  write_text_atomically(weights, bytes);
  EXPECT_EQ(message([&] { read_model_file(path("run")); }),
            weights + ": does not fit the checksum in " + path("run") +
                "/model.json; the file was changed or damaged");
  write_text_atomically(path("run") + "/model.json", "{}");
  EXPECT_EQ(message([&] { read_model_file(path("run")); }),
            path("run") + "/model.json: not the description of a model");
}

}  // namespace
}  // namespace ctr
