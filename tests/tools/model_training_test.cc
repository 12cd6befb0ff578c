// Every model trains: it overfits a small batch, its folded form agrees, saved weights come back.

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <map>

#include <gtest/gtest.h>

#include "io/safetensors.h"
#include "ops/optim/optimizer.h"
#include "tests/tools/every_model.h"
#include "tools/run_directory.h"

namespace ctr {
namespace {

class ModelTraining : public testing::TestWithParam<ModelCase> {
 protected:
  SmallProblem problem = small_problem_of(GetParam().model);
  GivenVectors none;
  std::unique_ptr<Model> make(ParameterStore& store) {
    return find_model(GetParam().model)
        .make(Scope(store), {problem.schema, none, GetParam().options});
  }
};

// The last loss of 400 steps over the first.
double overfit(Model& model, ParameterStore& store, const Batch& batch) {
  OptimizerOptions options;
  options.learning_rate = 0.02;
  Optimizer optimizer(options);
  double first = 0, last = 0;
  for (int step = 0; step < 400; ++step) {
    Tape tape;
    Var loss = loss_of(model, batch);
    last = loss.value().data<float>()[0];
    if (step == 0) first = last;
    optimizer.step(store, backward(loss));
  }
  return last / first;
}

TEST_P(ModelTraining, OverfitsASmallBatch) {
  ParameterStore store(DType::f32, 1);
  auto model = make(store);
  if (model->counts()) return;  // descends no gradient
  EXPECT_LT(overfit(*model, store, problem.batch), 0.1);
}

TEST_P(ModelTraining, TrainingAndFoldedFormsAgree) {
  ParameterStore store(DType::f64, 1);
  auto model = make(store);
  Tensor folded = model->logit(problem.batch).value();
  Tape tape;
  Tensor recorded = model->logit(problem.batch).value();
  for (int64_t b = 0; b < folded.count(); ++b) {
    const double expected = recorded.data<double>()[b];
    EXPECT_NEAR(folded.data<double>()[b], expected, 1e-12 * std::max(1.0, std::abs(expected)));
  }
}

TEST_P(ModelTraining, SavedWeightsGiveTheSameBits) {
  ParameterStore store(DType::f32, 1);
  auto model = make(store);
  if (model->counts()) model->observe(problem.batch);
  Tensor before = model->logit(problem.batch).value();
  std::string path = testing::TempDir() + "/sweep-" + std::to_string(getpid());
  std::filesystem::create_directories(path);
  std::map<std::string, Tensor> tensors;
  for (const auto& parameter : store.all()) tensors[parameter->name] = parameter->value;
  write_safetensors(path + "/model.safetensors", tensors, {});
  ParameterStore other(DType::f32, 99);
  auto loaded = make(other);
  load_weights(read_safetensors(path + "/model.safetensors").tensors, other, path);
  Tensor after = loaded->logit(problem.batch).value();
  EXPECT_EQ(std::memcmp(before.raw(), after.raw(), static_cast<size_t>(before.bytes())), 0);
}

INSTANTIATE_TEST_SUITE_P(Models, ModelTraining, testing::ValuesIn(all_model_cases()), identifier);

}  // namespace
}  // namespace ctr
