// Runs that begin with another's weights: what is trained, what stays to the bit, what is refused.

#include "tools/fine_tune.h"

#include <cstring>

#include "tests/tools/small_run.h"
#include "tools/scores.h"

namespace ctr {
namespace {

bool equal(const Tensor& a, const Tensor& b) {
  return a.bytes() == b.bytes() &&
         std::memcmp(a.raw(), b.raw(), static_cast<size_t>(a.bytes())) == 0;
}

class FineTuning : public SmallRuns {
 protected:
  void SetUp() override {
    SmallRuns::SetUp();
    options.epochs = 2;
    model_options.mlora.rank = {2};
    model_options.dropout = 0;
  }

  void pretrain(const std::string& model) {
    options.model = model;
    model_options.linear = model == "mlora" ? "mlora" : "plain";
    start("first");
    options.model = "mlora";
    model_options.linear = "mlora";
  }

  // The data as if of another schema.
  Dataset with(const Schema& schema) const {
    Dataset other = data;
    other.schema = schema;
    return other;
  }

  // Of rows whose domain lies below `domains`, in order.
  static std::vector<double> scores(BuiltModel& built, const Dataset& rows, int64_t domains) {
    const Scores all = score(built, rows, Split::test, 16);
    std::vector<double> result;
    for (size_t i = 0; i < all.probability.size(); ++i)
      if (all.domain[i] < domains) result.push_back(all.probability[i]);
    return result;
  }
};

TEST_F(FineTuning, AdaptersAloneLearnOnAPretrainedMlp) {
  pretrain("mlp");
  BuiltModel built = build();
  const Inherited inherited = begin_from(path("first"), data, find_model("mlora"), built);
  EXPECT_EQ(inherited.fresh,
            (std::vector<std::string>{"mlp/0/lora_a", "mlp/0/lora_b", "mlp/0/lora_bias"}));
  EXPECT_TRUE(inherited.grown.empty() && inherited.left.empty());
  train_only({"lora_"}, built.store());
  std::map<std::string, Tensor> before;
  for (const auto& parameter : built.store().all())
    before[parameter->name] = parameter->value.clone();
  train(built, data, options);
  for (const auto& parameter : built.store().all())
    EXPECT_EQ(equal(before.at(parameter->name), parameter->value),
              parameter->name.find("lora_") == std::string::npos)
        << parameter->name;
  EXPECT_TRUE(built.weights().contains("mlp/0/weight")) << "frozen weights must be saved";
}

TEST_F(FineTuning, ANewDomainLeavesTheOthersAsTheyWere) {
  pretrain("mlora");
  BuiltModel first = build();
  begin_from(path("first"), data, find_model("mlora"), first);
  const std::vector<double> before = scores(first, data, 2);

  Schema schema = data.schema;
  schema.domains = schema.fields[2].vocabulary = 3;
  schema.domain_names.emplace_back("c");
  BuiltModel built(find_model("mlora"), schema, {}, model_options, DType::f32, 1);
  const Inherited inherited = begin_from(path("first"), with(schema), find_model("mlora"), built);
  EXPECT_EQ(inherited.grown, (std::vector<std::string>{"embedding/domain", "mlp/0/lora_a",
                                                       "mlp/0/lora_b", "mlp/0/lora_bias"}));
  EXPECT_EQ(scores(built, data, 2), before);

  DatasetWriter writer(path("new"));  // rows of the third domain alone
  writer.begin_rows(schema);
  for (const Split split : {Split::train, Split::valid, Split::test}) {
    Columns rows = small_run_rows(90, 5 + static_cast<uint64_t>(split));
    for (auto& id : rows.fields[2].ids) id = 2;
    writer.add(split, rows);
  }
  writer.commit("made for a test", "", {}, {});
  const Dataset added = read_dataset(path("new"));
  train_only({"lora_", "embedding/domain"}, built.store());
  const std::vector<double> untrained = scores(built, added, 3);
  train(built, added, options);
  EXPECT_NE(scores(built, added, 3), untrained);
  EXPECT_EQ(scores(built, data, 2), before);
}

TEST_F(FineTuning, RefusesWhatDoesNotFit) {
  pretrain("mlp");
  BuiltModel built = build();
  Schema other = data.schema;
  other.fields[1].vocabulary = 16;
  EXPECT_EQ(message([&] { begin_from(path("first"), with(other), find_model("mlora"), built); }),
            path("first") +
                ": field 'item' is not as the run had it (15 ids, now 'item' with 16); prepare the "
                "data with the run's fields, encodings and vocabularies");
  other = data.schema;
  other.domain_names = {"a", "c"};
  EXPECT_NE(message([&] {
              begin_from(path("first"), with(other), find_model("mlora"), built);
            }).find("the run had the domains a, b, the data has a, c"),
            std::string::npos);
  model_options.hidden_units = {9};
  BuiltModel wider = build();
  EXPECT_EQ(message([&] { begin_from(path("first"), data, find_model("mlora"), wider); }),
            path("first") +
                ": 'mlp/0/weight' is [8,16] there, this model needs [9,16]; use the run's options "
                "for it");
  EXPECT_NE(message([&] {
              train_only({"lroa"}, built.store());
            }).find("--trainable lroa: no parameter has this in its name; there are embedding/"),
            std::string::npos);
}

}  // namespace
}  // namespace ctr
