// Census-Income and Adult: lines as the published files have them.

#include "io/vocabulary.h"
#include "tests/io/raw_files.h"

namespace ctr {
namespace {

// The first lines of census-income.test, with other ends.
std::string census_line(const std::string& marital, const std::string& income,
                        const std::string& age = "38", const std::string& region = "?") {
  return age + ", Private, 6, 36, 1st 2nd 3rd or 4th grade, 0, Not in universe, " + marital +
         ", Manufacturing-durable goods, Machine operators assmblrs & inspctrs, White, Mexican "
         "(Mexicano), Female, Not in universe, Not in universe, Full-time schedules, 0, 0, 0, "
         "Joint one under 65 & one 65+, Not in universe, Not in universe, Spouse of householder, "
         "Spouse of householder, 1032.38, " +
         region +
         ", ?, ?, Not in universe under 1 year old, ?, 4, Not in universe, Mexico, Mexico, Mexico, "
         "Foreign born- Not a citizen of U S , 0, Not in universe, 2, 12, 95, " +
         income + "\n";
}

const char* const kAdult =
    ", State-gov, 77516, Bachelors, 13, Never-married, Adm-clerical, Not-in-family, White, Male, "
    "2174, 0, 40, United-States, ";

class IncomeFiles : public RawFiles {
 protected:
  void SetUp() override {
    std::string train;
    for (int i = 0; i < 200; ++i)
      train += census_line(i % 3 == 0 ? "Never married" : "Divorced",
                           i % 4 == 0 ? "50000+." : "- 50000.", std::to_string(20 + i % 50),
                           i % 2 == 0 ? "?" : "MSA to MSA");
    write("census-income.data", train);
    write("census-income.test",
          census_line("Widowed", "- 50000.") + census_line("Never married", "50000+.") + "\n");
  }
  std::string refusal(const std::string& converter, const std::vector<std::string>& inputs) {
    return message([&] { prepared(converter, inputs, {{"split", "1,0,0"}}); });
  }
  static int64_t count(const Schema& schema, FieldType type) {
    return std::count_if(schema.fields.begin(), schema.fields.end(),
                         [type](const Field& field) { return field.type == type; });
  }
};

TEST_F(IncomeFiles, CensusHasTwoTasks) {
  const Prepared made = prepared("census-income", {folder});
  const Schema& schema = made.data.schema;
  EXPECT_EQ(schema.labels, (std::vector<std::string>{"income", "never_married"}));
  EXPECT_EQ(count(schema, FieldType::categorical), 29);
  EXPECT_EQ(count(schema, FieldType::numeric), 10);
  for (const Field& field : schema.fields)
    EXPECT_TRUE(field.name != "income" && field.name != "never_married" &&
                field.name != "instance_weight");
  EXPECT_EQ(made.report.rows[0] + made.report.rows[1], 200);
  EXPECT_NEAR(static_cast<double>(made.report.rows[1]), 20, 12);
  EXPECT_EQ(made.report.rows[2], 2);
  const auto& test = made.data.blocks(Split::test).block(0);
  EXPECT_EQ(labels(made.data, Split::test), (std::vector<float>{0, 1}));
  EXPECT_EQ(test.labels(1)[0], 0);
  EXPECT_EQ(test.labels(1)[1], 1);
}

TEST_F(IncomeFiles, CellsAreStrippedAndMarksAreMissing) {
  const Dataset data = prepared("census-income", {folder}, {{"numeric", "raw"}}).data;
  const Field& worker =
      data.schema.fields[static_cast<size_t>(data.schema.index_of("class_worker"))];
  EXPECT_EQ(Vocabulary::load(data.vocabulary_path(worker), worker.first_token())
                .token_of(worker.first_token()),
            "Private");
  const Field& citizen =
      data.schema.fields[static_cast<size_t>(data.schema.index_of("citizenship"))];
  EXPECT_EQ(Vocabulary::load(data.vocabulary_path(citizen), citizen.first_token())
                .token_of(citizen.first_token()),
            "Foreign born- Not a citizen of U S");
  const PrepareReport report = prepared("census-income", {folder}).report;
  for (const auto& field : report.fields)
    if (field.name == "migration_msa") {
      EXPECT_NEAR(static_cast<double>(field.missing[0]), 90, 15);
      EXPECT_EQ(field.missing[2], 2);
    }
  EXPECT_EQ(numbers(data, "age", Split::test), (std::vector<float>{38, 38}));
}

TEST_F(IncomeFiles, TheWeightIsReadOnDemand) {
  const Dataset data =
      prepared("census-income", {folder}, {{"instance_weight", "true"}, {"numeric", "raw"}}).data;
  EXPECT_EQ(count(data.schema, FieldType::numeric), 11);
  EXPECT_EQ(numbers(data, "instance_weight", Split::test),
            (std::vector<float>{1032.38f, 1032.38f}));
}

TEST_F(IncomeFiles, TheSeedCutsTheTrainingFile) {
  const auto rows = [&](const std::string& seed) {
    return numbers(prepared("census-income", {folder}, {{"seed", seed}, {"numeric", "raw"}}).data,
                   "age", Split::valid);
  };
  EXPECT_EQ(rows("1"), rows("1"));
  EXPECT_NE(rows("1"), rows("2"));
  // Files by name: without a valid one the training file is cut too, with one nothing is.
  const std::string train = "train=" + folder + "/census-income.data";
  const std::string test = "test=" + folder + "/census-income.test";
  EXPECT_EQ(
      numbers(prepared("census-income", {train, test}, {{"seed", "1"}, {"numeric", "raw"}}).data,
              "age", Split::valid),
      rows("1"));
  const std::string valid = "valid=" + folder + "/census-income.test";
  EXPECT_EQ(prepared("census-income", {train, valid, test}).report.rows[0], 200);
}

TEST_F(IncomeFiles, Adult) {
  write("adult.data",
        "39" + std::string(kAdult) + "<=50K\n50" + kAdult + ">50K\n?" + kAdult + "<=50K\n\n");
  EXPECT_EQ(message([&] { prepared("adult", {folder}); }),
            folder + ": there is no file 'adult.test' (or adult.test.gz)");
  write("adult.test",
        "|1x3 Cross validator\n25" + std::string(kAdult) + "<=50K.\n44" + kAdult + ">50K.\n\n");
  const Dataset data = prepared("adult", {folder}, {{"split", "1,0,0"}, {"numeric", "raw"}}).data;
  const Schema& schema = data.schema;
  EXPECT_EQ(schema.labels, (std::vector<std::string>{"income"}));
  EXPECT_EQ(count(schema, FieldType::categorical), 8);
  EXPECT_EQ(count(schema, FieldType::numeric), 6);
  EXPECT_EQ(labels(data), (std::vector<float>{0, 1, 0}));
  EXPECT_EQ(labels(data, Split::test), (std::vector<float>{0, 1}));
  EXPECT_EQ(numbers(data, "age"), (std::vector<float>{39, 50, 0}));  // '?' is missing
  EXPECT_EQ(numbers(data, "age", Split::test), (std::vector<float>{25, 44}));
}

TEST_F(IncomeFiles, NamesThePlaceOfABadCell) {
  const std::string good = "39" + std::string(kAdult) + "<=50K\n";
  const std::string rows = "39" + std::string(kAdult) + "50K\n";
  const auto says = [&](const std::string& text) {
    return refusal("adult", {"train=" + write("a", text)});
  };
  EXPECT_EQ(says(good + rows),
            "a:2:123: expected '>50K' or '<=50K', found '50K' (--on-bad-line skip leaves such "
            "lines out)");
  EXPECT_NE(says(good + "x" + good.substr(2)).find("a:2:1: expected a finite number"),
            std::string::npos);
  EXPECT_NE(says(good + "39, State-gov\n").find("a:2: expected 15 columns, found 2"),
            std::string::npos);
  EXPECT_NE(refusal("census-income", {"train=" + write("c", census_line("", "50000+."))})
                .find("c:1:67: expected 'Never married' or another text, found nothing"),
            std::string::npos);

  BadLines bad(BadLinePolicy::skip);
  const Prepared left =
      prepared("adult", {"train=" + write("a", good + rows + good)}, {{"split", "1,0,0"}}, bad);
  EXPECT_EQ(left.report.rows[0], 2);
  EXPECT_EQ(bad.count(), 1);
}

}  // namespace
}  // namespace ctr
