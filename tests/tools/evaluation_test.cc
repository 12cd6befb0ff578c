// What `evaluate` and `predict` report: slices, intervals, other data sets, files.

#include "tools/evaluation.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "io/file.h"
#include "io/only_domains.h"
#include "models/model.h"
#include "tests/tools/made_data.h"
#include "tools/loaded_run.h"
#include "tools/predictions.h"

namespace ctr {
namespace {

class Evaluations : public MadeData {
 protected:
  static Schema schema() {
    Schema schema;
    schema.name = "made";
    schema.domains = 3;
    schema.domain_names = {"a", "b", "c"};
    schema.fields.resize(3);
    schema.fields[0] = {"user", FieldType::categorical, 12, FieldRole::user, true, "", 0, true};
    schema.fields[1] = {"item", FieldType::categorical, 8, FieldRole::item};
    schema.fields[2] = {"domain", FieldType::categorical, 3, FieldRole::domain};
    return schema;
  }
  static void row(Split split, int64_t row, Columns& columns) {
    const RandomStream random{2, 5, static_cast<uint32_t>(split)};
    const auto r = 4 * static_cast<uint64_t>(row);
    columns.fields[0].ids.push_back(static_cast<int32_t>(1 + random.below(11, r)));
    // Items 0 to 3 are trained on; test has more. Item 0 is half of the rows.
    const uint64_t item = random.below(split == Split::train ? 6 : 9, r + 1);
    columns.fields[1].ids.push_back(static_cast<int32_t>(item < 3 ? 0 : item - 2));
    columns.fields[2].ids.push_back(static_cast<int32_t>(random.below(2, r + 2)));
    columns.labels[0].push_back(random.uniform(r + 3) < 0.4 ? 1.0f : 0.0f);
  }
  // Scores that know something of the label.
  static Scores scores_of(const Dataset& data, Split split) {
    Scores scores;
    const RandomStream random{3, 1, 0};
    for (int64_t b = 0; b < data.blocks(split).blocks(); ++b) {
      const BlockView& block = data.blocks(split).block(b);
      for (size_t i = 0; i < static_cast<size_t>(block.rows()); ++i) {
        scores.label.push_back(block.labels(0)[i]);
        scores.probability.push_back(0.5 * random.uniform(scores.label.size()) +
                                     0.3 * block.labels(0)[i]);
        scores.domain.push_back(block.ids(2)[i]);
        scores.group.push_back(block.ids(0)[i]);
      }
    }
    return scores;
  }
};

TEST(FrequencyClasses, DealThirdsOfTheRows) {
  using F = Frequency;
  // 12 rows: the first four are head's. An id belongs where its first row falls.
  EXPECT_EQ(frequency_classes({1, 5, 0, 3, 2, 1}),
            (std::vector<F>{F::tail, F::head, F::unseen, F::torso, F::tail, F::tail}));
  EXPECT_EQ(frequency_classes({2, 2, 2}), (std::vector<F>{F::head, F::torso, F::tail}));
  EXPECT_EQ(frequency_classes({9}), std::vector<F>{F::head});
  EXPECT_EQ(frequency_classes({0, 0}), (std::vector<F>{F::unseen, F::unseen}));
}

TEST_F(Evaluations, SlicesAreCutByTrainingFrequency) {
  const Dataset data = make("set", schema(), {600, 0, 900}, row);
  const Scores scores = scores_of(data, Split::test);
  const std::vector<Slice> result = slices(data, data, Split::test, scores);
  int64_t item_rows = 0;
  const std::span<const int32_t> ids = data.blocks(Split::test).block(0).ids(1);
  for (const Slice& slice : result) {
    if (slice.field != "item") continue;
    item_rows += slice.rows;
    if (slice.frequency != Frequency::head && slice.frequency != Frequency::unseen) continue;
    // Again, row by row: item 0 is head, items from 4 on are unseen.
    std::vector<double> probability, label;
    for (size_t i = 0; i < ids.size(); ++i) {
      if (slice.frequency == Frequency::head ? ids[i] != 0 : ids[i] < 4) continue;
      probability.push_back(scores.probability[i]);
      label.push_back(scores.label[i]);
    }
    EXPECT_EQ(slice.rows, static_cast<int64_t>(label.size()));
    EXPECT_DOUBLE_EQ(slice.auc, auc(probability, label));
    EXPECT_DOUBLE_EQ(slice.logloss, log_loss(probability, label));
    EXPECT_DOUBLE_EQ(slice.pcoc, pcoc(probability, label));
    EXPECT_EQ(slice.ids, slice.frequency == Frequency::head ? 1 : 3);
  }
  EXPECT_EQ(item_rows, 900);
  // User 1 is out of vocabulary: unseen, though it has training rows.
  auto unseen = std::find_if(result.begin(), result.end(), [](const Slice& slice) {
    return slice.field == "user" && slice.frequency == Frequency::unseen;
  });
  ASSERT_NE(unseen, result.end());
  EXPECT_EQ(unseen->ids, 1);
}

// Of a set that is read in part, slices are those of the rows read.
TEST_F(Evaluations, SlicesOfSomeDomainsAreOfTheirRows) {
  const Dataset data = make("set", schema(), {600, 0, 900}, row);
  const Scores all = scores_of(data, Split::test);
  const Dataset some = only_domains(data, {"1"});
  Scores scores;
  for (size_t i = 0; i < all.label.size(); ++i) {
    if (all.domain[i] != 1) continue;
    scores.label.push_back(all.label[i]);
    scores.probability.push_back(all.probability[i]);
  }
  int64_t rows = 0;
  for (const Slice& slice : slices(some, some, Split::test, scores)) {
    rows += slice.rows;
    if (slice.field == "domain") {
      EXPECT_EQ(slice.ids, 1);
      EXPECT_DOUBLE_EQ(slice.auc, auc(scores.probability, scores.label));
    }
  }
  EXPECT_EQ(rows, 3 * std::ssize(scores.label));  // by user, by item, by domain
}

TEST_F(Evaluations, HasDeLongIntervalsOfAllButGauc) {
  const Dataset data = make("set", schema(), {10, 0, 900}, row);
  const Scores scores = scores_of(data, Split::test);
  const Evaluation e = evaluate_scores(scores, data.schema, {});
  EXPECT_EQ(e.rows, 900);
  EXPECT_DOUBLE_EQ(e.auc.value, auc(scores.probability, scores.label));
  EXPECT_LT(e.auc.interval->low, e.auc.value);
  EXPECT_GT(e.auc.interval->high, e.auc.value);
  ASSERT_EQ(e.domains.size(), 2);  // the third has no rows
  EXPECT_EQ(e.domains[0].rows + e.domains[1].rows, 900);
  // Independent domains: variances add up.
  const double first = e.domains[0].auc.interval->standard_error;
  const double second = e.domains[1].auc.interval->standard_error;
  EXPECT_NEAR(e.mean_auc.interval->standard_error, std::hypot(first, second) / 2, 1e-12);
  const double share = static_cast<double>(e.domains[0].rows) / 900;
  EXPECT_NEAR(e.wauc.interval->standard_error, std::hypot(share * first, (1 - share) * second),
              1e-12);
  EXPECT_FALSE(e.gauc.interval.has_value());
  EXPECT_EQ(e.groups, 11);
  const GroupAuc users = group_auc(scores.probability, scores.label, scores.group, 12);
  EXPECT_DOUBLE_EQ(e.gauc.value, users.weighted);
  EXPECT_DOUBLE_EQ(e.gauc_plain.value, users.mean);
}

TEST_F(Evaluations, BootstrapHasIntervalsOfAll) {
  const Dataset data = make("set", schema(), {10, 0, 300}, row);
  Scores scores = scores_of(data, Split::test);
  EvaluationOptions options{IntervalMethod::bootstrap, {50, 1, 0.9}};
  const Evaluation e = evaluate_scores(scores, data.schema, options);
  EXPECT_TRUE(e.gauc.interval && e.gauc_plain.interval && e.wauc.interval);
  EXPECT_TRUE(e.domains[1].auc.interval.has_value());
  scores.group.clear();  // no users: rows are drawn
  const Evaluation rows = evaluate_scores(scores, data.schema, options);
  EXPECT_TRUE(std::isnan(rows.gauc.value));
  EXPECT_FALSE(rows.gauc.interval.has_value());
  options.intervals = IntervalMethod::none;
  EXPECT_FALSE(evaluate_scores(scores, data.schema, options).auc.interval.has_value());
}

TEST_F(Evaluations, NamesDomainsOfOneClass) {
  const Dataset data = make("set", schema(), {10, 0, 300}, row);
  Scores scores = scores_of(data, Split::test);
  for (size_t i = 0; i < scores.label.size(); ++i)
    if (scores.domain[i] == 1) scores.label[i] = 0;
  const Evaluation e = evaluate_scores(scores, data.schema, {});
  EXPECT_EQ(e.one_class_domains, std::vector<std::string>{"b"});
  EXPECT_DOUBLE_EQ(e.mean_auc.value, e.domains[0].auc.value);
  EXPECT_DOUBLE_EQ(e.mean_auc.interval->standard_error, e.domains[0].auc.interval->standard_error);
  const std::string json = json_of(e);
  EXPECT_NE(json.find("\"one_class_domains\": [\n    \"b\"\n  ]"), std::string::npos);
  EXPECT_NE(json.find("\"value\": null"), std::string::npos);
  EXPECT_EQ(json.find("nan"), std::string::npos);
}

TEST_F(Evaluations, RefusesNoRows) {
  EXPECT_EQ(message([] { evaluate_scores({}, schema(), {}); }),
            "evaluate: the split has no rows; choose another --split");
}

TEST_F(Evaluations, OtherDataMustFit) {
  LoadedRun run;
  run.file.path = "runs/x";
  run.data = make("trained", schema(), {10, 0, 10}, row);
  EXPECT_EQ(open_for(run, "").path, run.data.path);
  make("same", schema(), {0, 0, 5}, row);
  EXPECT_EQ(open_for(run, folder + "/same").rows(Split::test), 5);

  Schema other = schema();
  other.fields[0].vocabulary = 20;
  other.fields[1].name = "itme";
  other.fields[2].encoding.ids = IdRule::given;
  other.domain_names[0] = "x";
  other.labels = {"buy"};
  make("other", other, {0, 0, 5}, row);
  const std::string text = message([&] { open_for(run, folder + "/other"); });
  for (const char* part :
       {"other: does not fit the run runs/x, which was trained on ",
        "field 'user': table size was 12, is 20", "field 'item' is missing; did you mean 'itme'?",
        "field 'domain': raw values are encoded in another way", "field 'itme' is new",
        "the domains have other names", "labels were label, are buy",
        "prepare the rows with the fields, encodings and vocabularies of the run's data"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\nin\n" << text;
}

TEST_F(Evaluations, OtherVocabulariesAreSeen) {
  const Dataset a = make("a", schema(), {5, 0, 0}, row), b = make("b", schema(), {5, 0, 0}, row);
  make_directories(a.path + "/vocabulary");
  make_directories(b.path + "/vocabulary");
  write_text_atomically(a.path + "/vocabulary/item.tsv", "red\t3\n");
  EXPECT_TRUE(differences(a, b).empty());  // b was made without text
  write_text_atomically(b.path + "/vocabulary/item.tsv", "red\t3\n");
  EXPECT_TRUE(differences(a, b).empty());
  write_text_atomically(b.path + "/vocabulary/item.tsv", "blue\t3\n");
  EXPECT_EQ(differences(a, b),
            std::vector<std::string>{"field 'item': the vocabularies hold other tokens"});
}

TEST_F(Evaluations, PredictionsReadBackAsTheScores) {
  const Dataset data = make("set", schema(), {10, 0, 137}, row);
  BuiltModel built(find_model("lr"), data, ModelOptions(), DType::f32, 1);
  const std::string path = folder + "/out.csv";
  EXPECT_EQ(write_predictions(built, data, Split::test, 50, path), 137);
  const Scores scores = score(built, data, Split::test, 64);
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  EXPECT_EQ(line, "row,probability,label");
  for (size_t i = 0; i < 137; ++i) {
    ASSERT_TRUE(std::getline(file, line));
    size_t row = 0;
    double probability = 0, label = 0;
    char comma = 0;
    std::istringstream(line) >> row >> comma >> probability >> comma >> label;
    EXPECT_EQ(row, i);
    EXPECT_EQ(probability, scores.probability[i]);
    EXPECT_EQ(label, scores.label[i]);
  }
  EXPECT_FALSE(std::getline(file, line));
}

TEST_F(Evaluations, PredictionsAppearWholeOrNotAtAll) {
  const Dataset data = make("set", schema(), {10, 0, 137}, row);
  BuiltModel built(find_model("lr"), data, ModelOptions(), DType::f32, 1);
  const std::string path = folder + "/out.csv";
  EXPECT_NE(message([&] {
              write_predictions(built, data, Split::valid, 50, path);
            }).find("split valid of " + data.path + " has no rows; choose another --split"),
            std::string::npos);
  class FullDisk : public WriteSink {
   public:
    int64_t write(int, const void*, size_t, int64_t) override {
      errno = ENOSPC;
      return -1;
    }
  } sink;
  {
    const WriteSinkScope full(sink);
    EXPECT_NE(message([&] {
                write_predictions(built, data, Split::test, 50, path);
              }).find("free some space"),
              std::string::npos);
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);  // the set alone
}

}  // namespace
}  // namespace ctr
