// The gradients of every model, and what is special to one.

#include <functional>
#include <map>

#include <gtest/gtest.h>

#include "engine/error.h"
#include "ops/loss/loss.h"
#include "tests/tools/every_model.h"

namespace ctr {
namespace {

class ModelGradients : public testing::TestWithParam<ModelCase> {};

TEST_P(ModelGradients, MatchCentralDifferences) {
  const std::vector<GradientError> all = check_model(GetParam());
  for (const GradientError& error : all) {
    EXPECT_LE(error.worst, kGradientTolerance) << error.name;
    if (gradient_vanishes(error.name, all)) continue;
    EXPECT_GT(error.largest, 0) << error.name << " is trivially zero";
  }
}

INSTANTIATE_TEST_SUITE_P(Models, ModelGradients, testing::ValuesIn(all_model_cases()), identifier);

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
