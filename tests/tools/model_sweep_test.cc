// The sweep over every model: gradients, overfitting a small batch, saving and loading.

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <map>

#include <gtest/gtest.h>

#include "engine/error.h"
#include "io/safetensors.h"
#include "ops/loss/loss.h"
#include "ops/optim/optimizer.h"
#include "tools/model_check.h"
#include "tools/run_directory.h"

namespace ctr {

void PrintTo(const ModelCase& model_case, std::ostream* out) { *out << model_case.name; }

namespace {

std::vector<ModelCase> all_cases() {
  std::vector<ModelCase> all;
  for (const ModelInfo& info : model_list()) {
    for (const ModelCase& model_case : model_cases(info.name)) all.push_back(model_case);
  }
  return all;
}

class ModelSweep : public testing::TestWithParam<ModelCase> {
 protected:
  SmallProblem problem = small_problem_of(GetParam().model);
  GivenVectors none;
  std::unique_ptr<Model> make(ParameterStore& store) {
    return find_model(GetParam().model)
        .make(Scope(store), {problem.schema, none, GetParam().options});
  }
};

TEST_P(ModelSweep, GradientsMatchCentralDifferences) {
  const std::vector<GradientError> all = check_model(GetParam());
  for (const GradientError& error : all) {
    EXPECT_LE(error.worst, kGradientTolerance) << error.name;
    if (is_before_norm(error.name, all)) continue;
    EXPECT_GT(error.largest, 0) << error.name << " is trivially zero";
  }
}

TEST_P(ModelSweep, OverfitsASmallBatch) {
  ParameterStore store(DType::f32, 1);
  auto model = make(store);
  if (model->counts()) return;  // descends no gradient
  OptimizerOptions options;
  options.learning_rate = 0.02;
  Optimizer optimizer(options);
  double first = 0, last = 0;
  for (int step = 0; step < 400; ++step) {
    Tape tape;
    Var loss = bce_with_logits(model->logit(problem.batch), problem.batch.label.cast(DType::f32));
    last = loss.value().data<float>()[0];
    if (step == 0) first = last;
    optimizer.step(store, backward(loss));
  }
  EXPECT_LT(last, 0.1 * first);
}

TEST_P(ModelSweep, TrainingAndFoldedFormsAgree) {
  ParameterStore store(DType::f64, 1);
  auto model = make(store);
  Tensor folded = model->logit(problem.batch).value();
  Tape tape;
  Tensor recorded = model->logit(problem.batch).value();
  for (int64_t b = 0; b < folded.count(); ++b) {
    EXPECT_NEAR(folded.data<double>()[b], recorded.data<double>()[b], 1e-12);
  }
}

TEST_P(ModelSweep, SavedWeightsGiveTheSameBits) {
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

INSTANTIATE_TEST_SUITE_P(Models, ModelSweep, testing::ValuesIn(all_cases()), [](const auto& info) {
  std::string name;
  for (char c : info.param.name) name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
});

// What rows share is generated once: logits and gradients are those of generating it for each row.
TEST(Apg, GeneratesOncePerDistinctCondition) {
  SmallProblem problem = small_problem();
  for (size_t f = 0; f < problem.schema.fields.size(); ++f) {
    const FieldRole role = problem.schema.fields[f].role;
    if (role != FieldRole::user && role != FieldRole::domain) continue;
    Tensor ids({problem.batch.rows}, DType::i64);  // four conditions in all
    for (int64_t row = 0; row < ids.count(); ++row)
      ids.data<int64_t>()[row] = role == FieldRole::user ? row % 2 : row / 2 % 2;
    problem.batch.fields[f].ids = ids;
  }
  // The logit and all gradients, by name.
  auto run = [&](ModelOptions options, bool distinct) {
    options.apg.distinct_conditions = distinct;
    GivenVectors none;
    ParameterStore store(DType::f64, 1);
    auto model = find_model("apg").make(Scope(store), {problem.schema, none, options});
    Tape tape;
    const Var logit = model->logit(problem.batch);
    std::map<std::string, Tensor> result{{"logit", logit.value()}};
    const Gradients gradients = backward(bce_with_logits(logit, problem.batch.label));
    for (const auto& [parameter, gradient] : gradients.parameters())
      result[parameter->name] = gradient.is_rows() ? to_dense(gradient.rows()) : gradient.dense();
    return result;
  };
  for (const ModelCase& model_case : model_cases("apg")) {
    const auto rows = run(model_case.options, false), distinct = run(model_case.options, true);
    ASSERT_EQ(rows.size(), distinct.size());
    for (const auto& [name, expected] : rows) {
      const Tensor& found = distinct.at(name);
      ASSERT_EQ(found.count(), expected.count());
      for (int64_t i = 0; i < found.count(); ++i)
        EXPECT_NEAR(found.data<double>()[i], expected.data<double>()[i], 1e-12)
            << model_case.name << ' ' << name;
    }
  }
}

std::string refusal(const std::function<void(ModelOptions&)>& change) {
  SmallProblem problem = small_problem();
  ModelOptions options = model_cases("apg")[0].options;
  change(options);
  try {
    ParameterStore store(DType::f32, 1);
    GivenVectors none;
    auto model = find_model("apg").make(Scope(store), {problem.schema, none, options});
    model->logit(problem.batch);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(ApgRefusals, SayWhatToDo) {
  EXPECT_EQ(
      refusal([](ModelOptions& o) { o.apg.rank_k = {9}; }),
      "apg: K must lie between 1 and the smaller side of the layer [20,6], got 9; set --rank-k");
  EXPECT_EQ(refusal([](ModelOptions& o) { o.apg.overparam_p = {2}; }),
            "apg: P must be at least K = 3, got 2; set --overparam-p");
  EXPECT_EQ(refusal([](ModelOptions& o) { o.apg.condition_fields = {"usr"}; }),
            "data set 'small' has no field 'usr'; did you mean 'user'?");
  EXPECT_NE(refusal([](ModelOptions& o) {
              o.apg.aggregation = "concat";
              o.apg.aggregation_side = "output";
            }).find("outputs are aggregated by mean or sum"),
            std::string::npos);
  std::string size = refusal([](ModelOptions& o) {
    o.apg.generate = "full";
    o.apg.overparam_p = {};
    o.hidden_units = {20000};
    o.apg.max_generated_mb = 1;
  });
  EXPECT_NE(size.find("generating weights for 9 conditions of a layer [20,20000] needs 13 MB"),
            std::string::npos)
      << size;
}

}  // namespace
}  // namespace ctr
