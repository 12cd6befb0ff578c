// Three Adam steps with penalties and clipping against FuxiCTR (tests/golden/ctr_goldens.json,
// whose `about` says how inputs and parameters are made).

#include <cmath>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "io/file.h"
#include "ops/loss/loss.h"
#include "tools/train_step.h"

namespace ctr {
namespace {

constexpr int64_t kRows = 8;
constexpr int64_t kVocabulary[] = {7, 5, 6, 4, 8};

Schema golden_schema() {
  Schema schema;
  schema.name = "golden";
  for (size_t j = 0; j < 5; ++j) {
    schema.fields.push_back({"f" + std::to_string(j), FieldType::categorical, kVocabulary[j]});
    schema.fields.back().padding = true;
  }
  schema.fields.push_back({"n0", FieldType::numeric});
  return schema;
}

Batch golden_batch() {
  Batch batch;
  batch.rows = kRows;
  Tensor label({kRows}, DType::f64), number({kRows}, DType::f64);
  for (int64_t b = 0; b < kRows; ++b) {
    label.data<double>()[b] = (b * b + b) % 3 == 0 ? 1 : 0;
    number.data<double>()[b] = 0.1 * static_cast<double>(b) - 0.3;
  }
  for (int64_t j = 0; j < 5; ++j) {
    Tensor ids({kRows}, DType::i64);
    for (int64_t b = 0; b < kRows; ++b)
      ids.data<int64_t>()[b] = 1 + (b * (j + 2) + j) % (kVocabulary[j] - 1);
    batch.fields.push_back({ids, {}, {}});
  }
  batch.fields.push_back({{}, {}, number});
  batch.label = label;
  return batch;
}

double golden_value(uint64_t parameter, uint64_t element) {
  uint64_t x = 1000003 * parameter + element + 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  x ^= x >> 31;
  return (2 * (static_cast<double>(x >> 11) * 0x1p-53) - 1) * 0.3;
}

// "…embedding_layers.f0.weight" of the LR part and of the vectors, "lr_layer.bias",
// "mlp.mlp.2.weight" → our names.
std::string our_name(const std::string& peer) {
  if (peer.ends_with("bias") && peer.starts_with("lr_layer")) return "linear/bias";
  if (peer.starts_with("fm.lr_layer.bias")) return "linear/bias";
  const size_t layers = peer.find("embedding_layers.");
  if (layers != std::string::npos) {
    const size_t at = layers + 17;
    const std::string field = peer.substr(at, peer.find('.', at) - at);
    return (peer.find("lr_layer") != std::string::npos ? "linear/" : "embedding/") + field;
  }
  // Linear layers stand at even places of mlp.mlp: 0, 2, and the last, 4.
  const size_t at = peer.find("mlp.mlp.") + 8;
  const int place = std::stoi(peer.substr(at));
  const std::string kind = peer.substr(peer.rfind('.') + 1);
  return (place == 4 ? "head" : "mlp/" + std::to_string(place / 2)) + "/" + kind;
}

struct Case {
  std::string peer, model;
  double l2_net;
  std::string update = "dense";
};

class GoldenSteps : public testing::TestWithParam<Case> {};

TEST_P(GoldenSteps, LossNormAndResultAgree) {
  const auto all = nlohmann::json::parse(
      read_text(std::string(CTR_SOURCE_DIR) + "/tests/golden/ctr_goldens.json"));
  const nlohmann::json& golden = all.at("models").at(GetParam().peer);
  const Schema schema = golden_schema();
  ModelOptions model_options;
  model_options.embedding_dim = 4;
  model_options.hidden_units = {6, 5};
  BuiltModel built(find_model(GetParam().model), schema, {}, model_options, DType::f64, 1);
  size_t filled = 0;
  for (const auto& parameter : golden.at("params")) {
    const std::string name = our_name(parameter.at("name"));
    Parameter* found = built.store().find(name);
    ASSERT_NE(found, nullptr) << name;
    Tensor& value = found->value;
    const int64_t width = value.rank() == 2 ? value.dim(1) : 1;
    for (int64_t i = 0; i < value.count(); ++i)
      value.data<double>()[i] =
          golden_value(parameter.at("p").get<uint64_t>(), static_cast<uint64_t>(i));
    const bool padded = found->table && !name.ends_with("n0");
    for (int64_t i = 0; padded && i < width; ++i) value.data<double>()[i] = 0;
    ++filled;
  }
  ASSERT_EQ(filled, built.store().all().size());

  OptimizerOptions options;
  options.update = GetParam().update;
  options.learning_rate = 0.01;
  options.l2 = {0.01, GetParam().l2_net};
  Optimizer optimizer(options);
  TrainStep step(built, schema, optimizer, 10, [](NonFinite&) {});
  const std::vector<Batch> batches{golden_batch()};
  const StepResult first = step(batches, 0);
  EXPECT_NEAR(first.loss, golden.at("bce").get<double>(), 1e-12);
  if (options.update == "dense") {  // replay leaves out rows that it need not measure
    EXPECT_NEAR(first.gradient_norm, golden.at("gnorm").get<double>(), 1e-12);
  }
  step(batches, 1);
  step(batches, 2);
  const Tensor logit = built.model().logit(batches[0]).value();
  const auto& expected = golden.at("logit_eval_after");
  for (int64_t b = 0; b < kRows; ++b)
    EXPECT_NEAR(logit.data<double>()[b], expected.at(static_cast<size_t>(b)).get<double>(), 1e-10);
}

INSTANTIATE_TEST_SUITE_P(Models, GoldenSteps,
                         testing::Values(Case{"LR", "lr", 0.01}, Case{"DNN[6,5]", "mlp", 0.001},
                                         Case{"DeepFM[6,5]", "deepfm", 0.001},
                                         Case{"DeepFM[6,5]", "deepfm", 0.001, "replay"}),
                         [](const auto& info) {
                           return info.param.model + "_" + info.param.update;
                         });

}  // namespace
}  // namespace ctr
