// STAR: the shared net where the domains' weights are ones, its initial values, what evaluation
// reads, and what is refused.

#include <cmath>

#include <gtest/gtest.h>

#include "models/layers/star_layer.h"
#include "tests/message.h"
#include "tools/model_check.h"

namespace ctr {
namespace {

constexpr int64_t kDomains = 3;

class StarTest : public testing::Test {
 protected:
  SmallProblem problem = small_problem();
  GivenVectors none;
  ModelOptions options = model_cases("star")[0].options;

  std::unique_ptr<Model> make(const std::string& model, ParameterStore& store) {
    return find_model(model).make(Scope(store), {problem.schema, none, options});
  }
  // A net without norm, whose layers are STAR's.
  void leave_the_net_alone() {
    options.star.auxiliary_hidden_units = {};
    options.star.partitioned_norm = false;
    options.star.domain_in_input = true;
  }
};

std::vector<double> values(const Tensor& tensor) {
  return {tensor.span<double>().begin(), tensor.span<double>().end()};
}

TEST_F(StarTest, OnesLeaveTheSharedNet) {
  leave_the_net_alone();
  ParameterStore store(DType::f64, 1), plain(DType::f64, 2);
  auto star = make("star", store);
  auto mlp = make("mlp", plain);
  for (const auto& parameter : plain.all()) {
    std::string name = parameter->name;
    if (name.starts_with("mlp/")) name = name.replace(0, 3, "star");
    ASSERT_NE(store.find(name), nullptr) << name;
    parameter->value = store.find(name)->value;
  }
  const std::vector<double> expected = values(mlp->logit(problem.batch).value());
  const std::vector<double> found = values(star->logit(problem.batch).value());
  for (size_t b = 0; b < expected.size(); ++b) EXPECT_NEAR(found[b], expected[b], 1e-14);
}

TEST_F(StarTest, WeightsAreFoldedAnewOnceTheyChange) {
  leave_the_net_alone();
  ParameterStore store(DType::f64, 1);
  auto star = make("star", store);
  const std::vector<double> before = values(star->logit(problem.batch).value());
  EXPECT_EQ(values(star->logit(problem.batch).value()), before);
  Tensor& weight = store.find("star/0/domain_weight")->value;
  for (int64_t i = 0; i < weight.count(); ++i) weight.data<double>()[i] = 2;
  ++store.mode().weights_version;
  const std::vector<double> folded = values(star->logit(problem.batch).value());
  Tape tape;
  const std::vector<double> recorded = values(star->logit(problem.batch).value());
  for (size_t b = 0; b < folded.size(); ++b) {
    EXPECT_NE(folded[b], before[b]);
    EXPECT_NEAR(folded[b], recorded[b], 1e-14);
  }
}

// Evaluation sees each row by its domain's statistics, whatever else is in the batch.
TEST_F(StarTest, EvaluationReadsTheStatesOfTheRowsDomain) {
  ParameterStore store(DType::f64, 1);
  auto star = make("star", store);
  const std::vector<double> before = values(star->logit(problem.batch).value());
  store.mode().training = true;
  const std::vector<double> trained = values(star->logit(problem.batch).value());
  store.mode().training = false;
  const Tensor& steps = store.find("pn/steps")->value;
  int64_t domains = 0;
  for (int64_t d = 0; d < kDomains; ++d) domains += steps.data<int64_t>()[d];
  EXPECT_EQ(domains, kDomains);  // each was in the batch
  const std::vector<double> after = values(star->logit(problem.batch).value());
  for (size_t b = 0; b < after.size(); ++b) {
    EXPECT_NE(after[b], before[b]);
    EXPECT_NEAR(after[b], trained[b], 1e-12);  // after one batch the statistics are that batch's
  }
}

double deviation(const Tensor& tensor) {
  double square = 0;
  for (double value : values(tensor)) square += value * value;
  return std::sqrt(square / static_cast<double>(tensor.count()));
}

TEST(StarLayer, BeginsAsAsked) {
  constexpr int64_t kTen = 10, kIn = 384, kOut = 256;
  const double xavier = std::sqrt(2.0 / (kIn + kOut));
  for (const std::string kind : {"ones", "random", "reference"}) {
    ParameterStore store(DType::f64, 1);
    const StarLayer layer(Scope(store), kTen, kIn, kOut, kind, "relu");
    EXPECT_NEAR(deviation(store.find("weight")->value), xavier, 0.01 * xavier);
    const double expected = kind == "ones"     ? 1
                            : kind == "random" ? xavier
                                               : xavier / std::sqrt(static_cast<double>(kTen));
    EXPECT_NEAR(deviation(store.find("domain_weight")->value), expected, 0.01 * expected) << kind;
  }
}

TEST_F(StarTest, RefusesWhatItCannotBuild) {
  auto refusal = [&] {
    ParameterStore store(DType::f32, 1);
    return message([&] { make("star", store); });
  };
  options.linear = "apg";
  options.star.auxiliary_hidden_units = {};
  EXPECT_EQ(refusal(),
            "star: --linear apg holds for the auxiliary net; set --star-auxiliary-hidden-units");
  options.linear = "plain";
  EXPECT_EQ(refusal(), "accepted");
  Schema& schema = problem.schema;
  const Schema whole = schema;
  schema.fields = {whole.fields[2]};
  EXPECT_EQ(refusal(), "star: data set 'small' has no input field beside the domain");
  schema.fields = {whole.fields[0]};
  EXPECT_EQ(refusal(), "star: data set 'small' marks no field as the domain");
}

TEST_F(StarTest, RefusesDomainsThatTheSchemaDoesNotHave) {
  ParameterStore store(DType::f32, 1);
  problem.schema.domains = 2;
  auto star = make("star", store);
  EXPECT_NE(message([&] { star->logit(problem.batch); }).find("is of group 2, expected one in"),
            std::string::npos);
}

}  // namespace
}  // namespace ctr
