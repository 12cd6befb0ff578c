// MLoRA: the golden numbers of one layer, what folding and mixed batches must leave as it is, and
// what is refused.

#include <cmath>

#include <gtest/gtest.h>

#include "models/layers/mixed_lora_linear.h"
#include "ops/activation/activation.h"
#include "ops/linear/linear.h"
#include "ops/reduce/reduce.h"
#include "ops/shaping/shaping.h"
#include "tests/message.h"
#include "tools/model_check.h"

namespace ctr {
namespace {

// sin(a), sin(a + 1), …
Tensor sines(double a, const Shape& shape) {
  Tensor result(shape, DType::f64);
  for (int64_t i = 0; i < result.count(); ++i)
    result.data<double>()[i] = std::sin(a + static_cast<double>(i));
  return result;
}

void expect_near(const Tensor& found, const std::vector<double>& expected) {
  ASSERT_EQ(found.count(), static_cast<int64_t>(expected.size()));
  for (int64_t i = 0; i < found.count(); ++i)
    EXPECT_NEAR(found.data<double>()[i], expected[static_cast<size_t>(i)], 1e-6);
}

// Two rows of domain 1 of two.
TEST(MloraLayer, GivesTheGoldenNumbers) {
  Tape tape;
  const Var x = tape.variable(sines(1, {2, 3}));
  Tensor w({2, 3}, DType::f64);  // [out, in]
  const Tensor in_out = sines(20, {3, 2});
  for (int i = 0; i < 3; ++i)
    for (int o = 0; o < 2; ++o) w.data<double>()[o * 3 + i] = in_out.data<double>()[i * 2 + o];
  const Var weight = tape.variable(w);
  const LowRank low{tape.variable(sines(40, {2, 3, 1})), tape.variable(sines(50, {2, 1, 2})),
                    tape.variable(sines(60, {2, 2}))};
  const RowGroups domains = group_rows(Tensor::from({2}, std::vector<int64_t>{1, 1}), 2);
  const Var bias(sines(30, {2}));
  const Var z = lora_linear(x, weight, bias, low, domains);
  expect_near(z.value(), {-1.651039, -.544002, -1.786864, .126954});

  const Gradients gradients = backward(sum(reshape(relu(z), {1, 4}), 1));
  auto of = [&](const Var& value, int64_t begin, int64_t end) {
    return gradients[value].dense().reshaped({gradients[value].dense().count()}).rows(begin, end);
  };
  expect_near(of(low.a, 3, 6), {-.299637, -.379662, -.110628});
  expect_near(of(low.a, 0, 3), {0, 0, 0});  // the domain without rows
  expect_near(of(low.b, 2, 4), {0, .374759});
  expect_near(of(low.bias, 2, 4), {0, 1});
  expect_near(of(weight, 3, 6), {-.756802, -.958924, -.279415});
  expect_near(of(x, 3, 6), {.507335, -.839212, .204542});

  const FoldedLowRank folded = fold_low_rank(weight, bias, low);
  expect_near(folded.weight.value().rows(1, 2),
              {.092293, .008614, -.066053, .507335, -.839212, .204542});
  expect_near(folded.bias.value().rows(1, 2), {-1.727212, -.236682});
}

TEST(MixedLora, MixesExpertsByTheGate) {
  constexpr int64_t kRows = 4, kIn = 3, kOut = 2, kRank = 2, kExperts = 3;
  MloraOptions options;
  options.experts = kExperts;
  options.scale = 0.5;
  ParameterStore store(DType::f64, 1);
  const MixedLoraLinear layer(Scope(store), kIn, kOut, kRank, options, 0);
  double start = 1;
  for (const auto& parameter : store.all())
    parameter->value = sines(start += 10, parameter->value.shape());
  auto of = [&](const std::string& name) { return store.find(name)->value.data<double>(); };
  auto expert = [&](int64_t e, const char* part) {
    return of(fmt::format("lora_expert/{}/{}", e, part));
  };
  const Tensor x = sines(3, {kRows, kIn}), gate = sines(5, {kRows, kExperts});
  const Tensor y = layer(Var(x), Var(gate), Activation::identity).value();
  for (int64_t row = 0; row < kRows; ++row) {
    for (int64_t o = 0; o < kOut; ++o) {
      double sum = of("bias")[o];
      for (int64_t i = 0; i < kIn; ++i)
        sum += x.data<double>()[row * kIn + i] * of("weight")[o * kIn + i];
      for (int64_t e = 0; e < kExperts; ++e) {
        double adapted = expert(e, "bias")[o];
        for (int64_t r = 0; r < kRank; ++r) {
          double t = 0;
          for (int64_t i = 0; i < kIn; ++i)
            t += x.data<double>()[row * kIn + i] * expert(e, "a")[i * kRank + r];
          adapted += options.scale * t * expert(e, "b")[r * kOut + o];
        }
        sum += gate.data<double>()[row * kExperts + e] * adapted;
      }
      EXPECT_NEAR(y.data<double>()[row * kOut + o], sum, 1e-13);
    }
  }
}

class MloraModel : public testing::Test {
 protected:
  Tensor logit(
      const std::string& model, const ModelOptions& options, const SmallProblem& problem,
      const std::function<void(ParameterStore&)>& change = [](ParameterStore&) {}) {
    GivenVectors none;
    ParameterStore store(DType::f64, 3);
    auto built = find_model(model).make(Scope(store), {problem.schema, none, options});
    change(store);
    if (!folds_) {
      Tape tape;
      return built->logit(problem.batch).value();
    }
    return built->logit(problem.batch).value();
  }

  static void fill(ParameterStore& store, const std::string& part) {
    for (const auto& parameter : store.all())
      if (parameter->name.find(part) != std::string::npos)
        for (int64_t i = 0; i < parameter->value.count(); ++i)
          parameter->value.data<double>()[i] = 0.1 + 0.3 * std::sin(static_cast<double>(i));
  }

  bool folds_ = false;
  ModelOptions options_ = model_cases("mlora")[0].options;
};

TEST_F(MloraModel, BeginsAsThePlainMlp) {
  ModelOptions plain = options_;
  plain.linear = "plain";
  const Tensor adapted = logit("mlora", options_, small_problem());
  const Tensor expected = logit("mlp", plain, small_problem());
  for (int64_t i = 0; i < adapted.count(); ++i)
    EXPECT_EQ(adapted.data<double>()[i], expected.data<double>()[i]);
}

TEST_F(MloraModel, FoldsExactly) {
  auto off_zero = [](ParameterStore& store) { fill(store, "lora_"); };
  const Tensor unfolded = logit("mlora", options_, small_problem(), off_zero);
  folds_ = true;
  const Tensor folded = logit("mlora", options_, small_problem(), off_zero);
  for (int64_t i = 0; i < folded.count(); ++i)
    EXPECT_NEAR(folded.data<double>()[i], unfolded.data<double>()[i], 1e-14);
}

// What other domains' rows stand in the batch does not matter.
TEST_F(MloraModel, MixedBatchesEqualPureOnes) {
  auto off_zero = [](ParameterStore& store) { fill(store, "lora_"); };
  const SmallProblem mixed = small_problem();
  const Tensor all = logit("mlora", options_, mixed, off_zero);
  const auto domain_field = static_cast<size_t>(mixed.schema.index_of(FieldRole::domain));
  for (int64_t row = 0; row < mixed.batch.rows; ++row) {
    SmallProblem pure = mixed;  // every row takes this row's domain as its adapters'
    pure.batch.domain = Tensor({mixed.batch.rows}, DType::i64);
    std::fill_n(pure.batch.domain.data<int64_t>(), mixed.batch.rows,
                mixed.batch.fields[domain_field].ids.data<int64_t>()[row]);
    EXPECT_NEAR(logit("mlora", options_, pure, off_zero).data<double>()[row],
                all.data<double>()[row], 1e-14);
  }
}

TEST_F(MloraModel, RefusesWhatDoesNotFit) {
  SmallProblem problem = small_problem();
  problem.schema.fields[2].role = FieldRole::none;
  EXPECT_EQ(message([&] { logit("mlora", options_, problem); }),
            "mlora: data set 'small' marks no domain field; adapters are learned per domain");
  options_.mlora.rank = {1, 2, 3};
  EXPECT_EQ(message([&] { logit("mlora", options_, small_problem()); }),
            "mlora: --lora-rank takes one value or 2 (one per layer), got 3");
}

TEST_F(MloraModel, RanksFollowTheWidthsOrTheOption) {
  auto ranks = [&](const ModelOptions& options) {
    std::vector<int64_t> result;
    logit("mlora", options, small_problem(), [&](ParameterStore& store) {
      for (const auto& parameter : store.all())
        if (parameter->name.ends_with("lora_a")) result.push_back(parameter->value.dim(2));
    });
    return result;
  };
  options_.hidden_units = {256, 128, 64};
  options_.mlora.reduce = 128;
  EXPECT_EQ(ranks(options_), (std::vector<int64_t>{2, 1, 1}));
  options_.mlora.reduce = 256;
  EXPECT_EQ(ranks(options_), (std::vector<int64_t>{1, 1, 1}));
  options_.mlora.rank = {4};
  EXPECT_EQ(ranks(options_), (std::vector<int64_t>{4, 4, 4}));
}

}  // namespace
}  // namespace ctr
