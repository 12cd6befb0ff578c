// Training on rows of some domains, and MoE-MLoRA's phases: what learns, and what keeps its bits.

#include <algorithm>
#include <cstring>

#include "io/batch_loader.h"
#include "io/only_domains.h"
#include "tests/tools/small_run.h"
#include "tools/fine_tune.h"
#include "tools/scores.h"

namespace ctr {
namespace {

class ExpertPhases : public SmallRuns {
 protected:
  void SetUp() override {
    SmallRuns::SetUp();
    options.epochs = 2;
    options.optimizer.rule = "adamw";  // and a penalty: both move what has no gradient
    options.optimizer.weight_decay = 0.1;
    options.optimizer.l2.net = 0.01;
    model_options.mlora.rank = {2};
    model_options.mlora.experts = 3;
  }

  using Values = std::map<std::string, Tensor>;
  static Values values_of(BuiltModel& built) {
    Values result;
    for (const auto& parameter : built.store().all())
      result[parameter->name] = parameter->value.clone();
    return result;
  }
  static std::vector<std::string> moved(const Values& before, BuiltModel& built) {
    std::vector<std::string> names;
    for (const auto& [name, value] : before) {
      const Tensor& now = built.store().find(name)->value;
      if (std::memcmp(value.raw(), now.raw(), static_cast<size_t>(value.bytes())) != 0)
        names.push_back(name);
    }
    return names;
  }

  // Trains part of a model that begins with another run's weights, and saves it as `to`.
  std::vector<std::string> phase(const std::string& from, const std::string& to,
                                 const NameList& trainable, const NameList& domains) {
    BuiltModel built = build();
    begin_from(path(from), data, find_model(options.model), built);
    const Values before = values_of(built);
    train_only(trainable, built.store());
    const Dataset rows = only_domains(data, domains);
    RunDirectory run = RunDirectory::create(path(to), "");
    run.begin(rows, options, model_options);
    run.finish(built, rows, options, model_options, train(built, rows, options));
    return moved(before, built);
  }
};

TEST_F(ExpertPhases, OneExpertAloneThenTheGate) {
  options.model = "mlp";
  start("backbone");
  options.model = "mlora";
  model_options.linear = "mlora";
  std::string from = "backbone";
  for (int64_t e = 0; e < 3; ++e) {
    model_options.mlora.expert = e;
    const std::string place = fmt::format("mlp/0/lora_expert/{}/", e);
    EXPECT_EQ(phase(from, fmt::format("expert{}", e), {fmt::format("lora_expert/{}/", e)},
                    {std::to_string(e % 2)}),
              (std::vector<std::string>{place + "a", place + "b", place + "bias"}));
    from = fmt::format("expert{}", e);
  }
  model_options.mlora.expert = -1;
  EXPECT_EQ(
      phase(from, "mixed", {"gate/"}, {}),
      (std::vector<std::string>{"mlora/gate/bias", "mlora/gate/embedding", "mlora/gate/weight"}));
}

// What the other experts and the gate hold does not matter then.
TEST_F(ExpertPhases, AnExpertAloneIsTheOnlyOneRead) {
  options.model = "mlora";
  model_options.linear = "mlora";
  auto scores = [&](int64_t only, const std::string& spoilt) {
    model_options.mlora.expert = only;
    BuiltModel built = build();
    for (const auto& parameter : built.store().all()) {
      if (parameter->name.find("lora_expert/") == std::string::npos &&
          parameter->name.find("gate/") == std::string::npos)
        continue;
      const bool other = parameter->name.find(spoilt) != std::string::npos;
      for (int64_t i = 0; i < parameter->value.count(); ++i)
        parameter->value.data<float>()[i] =
            (other ? 3.0f : 0.3f) + 0.1f * static_cast<float>(i % 7);
    }
    return score(built, data, Split::test, 16).probability;
  };
  const std::vector<double> alone = scores(1, "none");
  EXPECT_EQ(alone, scores(1, "lora_expert/0/"));
  EXPECT_EQ(alone, scores(1, "gate/"));
  EXPECT_NE(alone, scores(1, "lora_expert/1/"));
  EXPECT_NE(scores(-1, "none"), scores(-1, "lora_expert/0/"));
  model_options.mlora.expert = 3;
  EXPECT_EQ(message([&] { build(); }), "mlora: --lora-expert 3 is none of the 3 experts from 0 on");
}

class OnlyDomains : public SmallRuns {
 protected:
  // Numbers of the rows that an epoch reads, in its order.
  static std::vector<int64_t> rows_read(const Dataset& data, Split split, bool shuffle) {
    LoaderOptions reading;
    reading.batch_size = 16;
    reading.shuffle = shuffle;
    BatchLoader loader(data, split, reading);
    std::vector<int64_t> rows;
    for (Batch batch; loader.next(batch);)
      for (const int64_t row : batch.row.span<int64_t>()) rows.push_back(row);
    return rows;
  }
};

TEST_F(OnlyDomains, AreThoseOfTheDomainInEverySplit) {
  const Dataset some = only_domains(data, {"b"});
  for (const Split split : {Split::train, Split::valid, Split::test}) {
    const std::span<const int32_t> domains = data.blocks(split).block(0).ids(2);
    std::vector<int64_t> expected;
    for (size_t row = 0; row < domains.size(); ++row)
      if (domains[row] == 1) expected.push_back(static_cast<int64_t>(row));
    EXPECT_EQ(some.rows(split), std::ssize(expected));
    EXPECT_EQ(rows_read(some, split, false), expected);
    std::vector<int64_t> shuffled = rows_read(some, split, true);
    EXPECT_NE(shuffled, expected);
    std::sort(shuffled.begin(), shuffled.end());
    EXPECT_EQ(shuffled, expected);
  }
  EXPECT_EQ(only_domains(data, {"1"}).rows(Split::train), some.rows(Split::train));  // its number
  EXPECT_EQ(only_domains(data, {"a", "b"}).rows(Split::train), data.rows(Split::train));
  EXPECT_EQ(rows_read(only_domains(data, {}), Split::test, false),
            rows_read(data, Split::test, false));
}

// A run on some rows is the run on a data set that holds no others.
TEST_F(OnlyDomains, TrainAsTheyWouldAlone) {
  DatasetWriter writer(path("alone"));
  writer.begin_rows(data.schema);
  for (const Split split : {Split::train, Split::valid, Split::test}) {
    Columns all = small_run_rows(data.rows(split), 1 + static_cast<uint64_t>(split));
    Columns rows = Columns::empty(data.schema);
    for (size_t r = 0; r < static_cast<size_t>(all.rows); ++r) {
      if (all.fields[2].ids[r] != 1) continue;
      for (size_t f = 0; f < 3; ++f) rows.fields[f].ids.push_back(all.fields[f].ids[r]);
      rows.fields[3].numbers.push_back(all.fields[3].numbers[r]);
      rows.labels[0].push_back(all.labels[0][r]);
      ++rows.rows;
    }
    writer.add(split, rows);
  }
  writer.commit("made for a test", "", {}, {});
  const Dataset alone = read_dataset(path("alone"));
  BuiltModel some = build(), other = build();
  const TrainReport a = train(some, only_domains(data, {"b"}), options);
  const TrainReport b = train(other, alone, options);
  EXPECT_EQ(a.test.auc, b.test.auc);
  EXPECT_EQ(score(some, data, Split::test, 16).probability,
            score(other, data, Split::test, 16).probability);
}

TEST_F(OnlyDomains, RefuseUnknownDomains) {
  EXPECT_EQ(message([&] { only_domains(data, {"shoes"}); }),
            "data set 'small' has no domain 'shoes'; known are: a, b");
  Dataset none = data;
  none.schema.fields[2].role = FieldRole::none;
  EXPECT_EQ(message([&] { only_domains(none, {"a"}); }),
            "data set 'small' marks no field as the domain; prepare it with one");
}

}  // namespace
}  // namespace ctr
