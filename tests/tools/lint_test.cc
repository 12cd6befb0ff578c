// Each finding of lint on a small set that has the fault, and none on a set without faults.

#include "tools/lint/lint.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include <gtest/gtest.h>

#include "tests/tools/made_data.h"
#include "tools/lint/duplicates.h"
#include "tools/metrics.h"
#include "tools/verbs.h"

namespace ctr {
namespace {

using Rows = std::array<int64_t, 3>;

class Lint : public MadeData {
 protected:
  // user, item, domain, price, tags.
  static Schema clean_schema() {
    Schema schema;
    schema.name = "made";
    schema.domains = 2;
    schema.domain_names = {"shoes", "hats"};
    schema.fields.resize(5);
    schema.fields[0] = {"user", FieldType::categorical, 60, FieldRole::user, true, "", 0, true};
    schema.fields[1] = {"item", FieldType::categorical, 42, FieldRole::item, true, "", 0, true};
    schema.fields[2] = {"domain", FieldType::categorical, 2, FieldRole::domain};
    schema.fields[3] = {"price", FieldType::numeric};
    schema.fields[4] = {"tags", FieldType::multivalued, 9};
    return schema;
  }

  // Independent draws; some items are clicked more.
  static void clean_row(Split split, int64_t row, Columns& columns) {
    const RandomStream random{1, 5, static_cast<uint32_t>(split)};
    const auto r = 8 * static_cast<uint64_t>(row);
    const auto item = static_cast<int32_t>(2 + random.below(40, r));
    columns.fields[0].ids.push_back(static_cast<int32_t>(2 + random.below(58, r + 1)));
    columns.fields[1].ids.push_back(item);
    columns.fields[2].ids.push_back(static_cast<int32_t>(random.below(2, r + 2)));
    columns.fields[3].numbers.push_back(static_cast<float>(random.normal(r + 3)));
    for (uint64_t k = random.below(3, r + 4); k > 0; --k)
      columns.fields[4].ids.push_back(static_cast<int32_t>(random.below(9, r + 4 + k)));
    columns.fields[4].offsets.push_back(static_cast<int64_t>(columns.fields[4].ids.size()));
    const double rate = item % 2 == 0 ? 0.5 : 0.2;
    columns.labels[0].push_back(random.uniform(r + 7) < rate ? 1.0f : 0.0f);
  }

  LintReport report_of(const RowMaker& maker, const Schema& schema = clean_schema(),
                       Rows rows = {2000, 600, 800}, const GivenVectors& vectors = {}) {
    return lint(make("set-" + std::to_string(sets_++), schema, rows, maker, vectors));
  }
  // A clean set in which `change` alters each row.
  LintReport changed(const RowMaker& change, Rows rows = {2000, 600, 800}) {
    return report_of(
        [&](Split split, int64_t row, Columns& columns) {
          clean_row(split, row, columns);
          change(split, row, columns);
        },
        clean_schema(), rows);
  }
  // The findings of a check as "verdict subject: found" lines.
  static std::string findings(const LintReport& report, const std::string& check) {
    std::string lines;
    for (const Finding& f : report.findings) {
      if (f.check == check)
        lines += std::string(name_of(f.verdict)) + " " + f.subject + ": " + f.found + "\n";
    }
    return lines;
  }

 private:
  int sets_ = 0;
};

TEST_F(Lint, FindsNothingWhereNothingIs) {
  const LintReport report = report_of(clean_row);
  EXPECT_EQ(report.count(Verdict::problem), 0);
  EXPECT_EQ(report.count(Verdict::warning), 0);
  ASSERT_EQ(report.findings.size(), 1);
  EXPECT_EQ(report.findings[0].check, "popularity");
  EXPECT_EQ(report.held_out, "test");
  EXPECT_EQ(report.rows, (Rows{2000, 600, 800}));
  EXPECT_EQ(report.fields[1].distinct, 40);
  EXPECT_EQ(report.fields[1].once, 0);
  EXPECT_EQ(report.fields[0].missing[2], 0);
  EXPECT_TRUE(std::isnan(report.fields[2].missing[0]));  // the domain has no padding
}

TEST_F(Lint, FindsRepeatedRows) {
  // Rows 10 to 49 of train, and rows 0 to 79 of test, are row 10 of train.
  auto maker = [](Split split, int64_t row, Columns& columns) {
    const bool repeated =
        (split == Split::train && row >= 10 && row < 50) || (split == Split::test && row < 80);
    clean_row(repeated ? Split::train : split, repeated ? 10 : row, columns);
  };
  const std::string found = findings(report_of(maker), "duplicates");
  EXPECT_NE(found.find("warning train: 39 of 2000 rows repeat an earlier row (1.95 %)"),
            std::string::npos)
      << found;
  EXPECT_NE(found.find("warning test: 79 of 800 rows repeat"), std::string::npos) << found;
  EXPECT_NE(found.find("warning test and train: 80 of 800 rows also stand in train"),
            std::string::npos)
      << found;
  EXPECT_EQ(found.find("valid"), std::string::npos) << found;
}

TEST_F(Lint, DuplicatesDoNotDependOnThePasses) {
  auto maker = [](Split split, int64_t row, Columns& columns) {
    clean_row(Split::train, row % 300, columns);
    if (split == Split::train && row == 301)
      columns.labels[0].back() = 1 - columns.labels[0].back();
  };
  const Dataset data = make("passes", clean_schema(), {400, 200, 350}, maker);
  for (int64_t most : {int64_t{1} << 26, int64_t{300}, int64_t{7}}) {
    const Duplicates found = find_duplicates(data, most);
    EXPECT_EQ(found.within, (Rows{99, 0, 50})) << most;
    EXPECT_EQ(found.in_train, (Rows{0, 200, 350})) << most;
    EXPECT_EQ(found.conflicting, 1) << most;
  }
}

TEST_F(Lint, FindsColumnsThatTellTheLabel) {
  const LintReport leak = changed([](Split, int64_t, Columns& columns) {
    columns.fields[3].numbers.back() = 7 - 3 * columns.labels[0].back();
  });
  EXPECT_EQ(findings(leak, "leak"),
            "problem price: alone ranks the rows of test with AUC 1.0000: it tells the label\n");
  EXPECT_EQ(leak.fields[3].alone_auc, 1);
  // Three rows in five: strong, but not sure to be a leak.
  const LintReport strong = changed([](Split, int64_t row, Columns& columns) {
    if (row % 5 < 3) columns.fields[1].ids.back() = columns.labels[0].back() > 0.5f ? 2 : 3;
  });
  EXPECT_EQ(
      findings(strong, "leak").rfind("warning item: alone ranks the rows of test with AUC 0.9", 0),
      0)
      << findings(strong, "leak");
  const LintReport length = changed([](Split, int64_t, Columns& columns) {
    auto& list = columns.fields[4];
    list.ids.resize(static_cast<size_t>(list.offsets[list.offsets.size() - 2]));
    if (columns.labels[0].back() > 0.5f) list.ids.push_back(4);
    list.offsets.back() = static_cast<int64_t>(list.ids.size());
  });
  EXPECT_NE(findings(length, "leak").find("problem tags: its length alone ranks"),
            std::string::npos);
}

TEST_F(Lint, FieldsThatNoModelReadsMayTellTheLabel) {
  Schema schema = clean_schema();
  schema.fields[3].input = false;
  const LintReport report = report_of(
      [](Split split, int64_t row, Columns& columns) {
        clean_row(split, row, columns);
        columns.fields[3].numbers.back() = columns.labels[0].back();
      },
      schema);
  EXPECT_EQ(findings(report, "leak"), "");
}

TEST_F(Lint, FindsConstantColumns) {
  const LintReport report = changed([](Split, int64_t, Columns& columns) {
    columns.fields[0].ids.back() = 5;
    columns.fields[3].numbers.back() = 2.5f;
    columns.fields[4].ids.clear();
    columns.fields[4].offsets.back() = 0;
  });
  EXPECT_EQ(findings(report, "constant"),
            "warning user: has one value in the whole training split\n"
            "warning price: has one value in the whole training split\n"
            "warning tags: has one value in the whole training split\n");
}

TEST_F(Lint, FindsUnseenAndMissingValues) {
  const LintReport report = changed([](Split split, int64_t row, Columns& columns) {
    // User 59 stands in no training row; id 1 is out of vocabulary, id 0 missing.
    if (columns.fields[0].ids.back() == 59) columns.fields[0].ids.back() = 58;
    if (split == Split::test && row % 4 == 0) columns.fields[0].ids.back() = row % 8 == 0 ? 59 : 1;
    if (row % 5 != 0) columns.fields[1].ids.back() = 0;
  });
  EXPECT_EQ(findings(report, "unseen"),
            "warning user, test: 25.0 % of its values were never trained on\n");
  EXPECT_EQ(findings(report, "missing"),
            "info item, train: 80.0 % are missing\ninfo item, valid: 80.0 % are missing\n"
            "info item, test: 80.0 % are missing\n");
  EXPECT_DOUBLE_EQ(report.fields[0].unseen[2], 0.25);
}

TEST_F(Lint, FindsTablesOfRareTokens) {
  Schema schema = clean_schema();
  schema.fields[0].vocabulary = 2000;
  const LintReport report = report_of(
      [](Split split, int64_t row, Columns& columns) {
        clean_row(split, row, columns);
        columns.fields[0].ids.back() = static_cast<int32_t>(2 + row % 1500);
      },
      schema);
  EXPECT_EQ(findings(report, "rare"), "info user: 67 % of its 1500 trained values occur once\n");
}

TEST_F(Lint, FindsDrift) {
  const LintReport report = changed([](Split split, int64_t row, Columns& columns) {
    if (split == Split::test) columns.fields[3].numbers.back() += 1;
    if (split == Split::valid && row % 2 == 0) columns.fields[1].ids.back() = 7;
  });
  const std::string found = findings(report, "drift");
  EXPECT_NE(found.find("warning price, test: population stability index from train is "),
            std::string::npos)
      << found;
  EXPECT_NE(found.find(", which is far"), std::string::npos) << found;
  EXPECT_NE(found.find("warning item, valid: total variation distance from train is 0.4"),
            std::string::npos)
      << found;
  EXPECT_EQ(std::count(found.begin(), found.end(), '\n'), 2) << found;
}

TEST_F(Lint, FindsSplitsAndDomainsOfOneClass) {
  const LintReport report = changed([](Split split, int64_t, Columns& columns) {
    if (split == Split::test) columns.labels[0].back() = 0;
    if (split == Split::valid && columns.fields[2].ids.back() == 1) columns.labels[0].back() = 1;
    if (split == Split::train) columns.fields[2].ids.back() = 0;
  });
  const std::string found = findings(report, "one class");
  EXPECT_NE(found.find("problem test: all 800 rows are without a click"), std::string::npos);
  EXPECT_NE(found.find("warning hats, valid: all "), std::string::npos) << found;
  EXPECT_EQ(findings(report, "domain"), "warning hats, train: has no rows\n");
}

TEST_F(Lint, FindsClickRatesThatChange) {
  const LintReport report = changed([](Split split, int64_t row, Columns& columns) {
    if (split == Split::valid && row % 3 != 0) columns.labels[0].back() = 1;
  });
  const std::string found = findings(report, "click rate");
  EXPECT_NE(found.find("warning valid: click rate 0."), std::string::npos) << found;
  EXPECT_NE(found.find("warning shoes, valid: click rate 0."), std::string::npos) << found;
  EXPECT_EQ(found.find("test"), std::string::npos) << found;
}

TEST_F(Lint, FindsEmptySplits) {
  const LintReport report = report_of(clean_row, clean_schema(), {0, 300, 0});
  EXPECT_EQ(findings(report, "split"), "problem train: has no rows\nwarning test: has no rows\n");
  EXPECT_EQ(report.held_out, "valid");
  const LintReport trained = report_of(clean_row, clean_schema(), {300, 0, 0});
  EXPECT_EQ(trained.held_out, "");
  EXPECT_TRUE(std::isnan(trained.popularity_auc));
}

TEST_F(Lint, FindsVectorsThatAreZeroOrBroken) {
  Schema schema = clean_schema();
  schema.fields[1].vectors = "items";
  schema.fields[1].vector_width = 2;
  std::vector<float> values(84, 1.0f);
  std::fill_n(values.begin(), 4 + 2 * 8, 0.0f);  // the rows for missing and unseen may be zero
  values[60] = std::numeric_limits<float>::quiet_NaN();
  values[70] = std::numeric_limits<float>::infinity();
  const LintReport report = report_of(clean_row, schema, {200, 100, 100},
                                      {{"items", Tensor::from<float>({42, 2}, values)}});
  EXPECT_EQ(findings(report, "vectors"),
            "problem item: 2 of 40 given vectors hold NaN or infinity\n"
            "warning item: 8 of 40 given vectors are all zero\n");
}

TEST_F(Lint, PopularityIsThatOfTheModel) {
  const Dataset data = make("popular", clean_schema(), {2000, 0, 800}, clean_row);
  const LintReport report = lint(data);
  // Again, row by row.
  std::vector<double> shown(42), clicked(42), score, label;
  std::vector<int64_t> domain;
  double rows = 0, clicks = 0;
  auto visit = [&](Split split, auto f) {
    const BlockView& block = data.blocks(split).block(0);
    for (size_t i = 0; i < static_cast<size_t>(block.rows()); ++i)
      f(static_cast<size_t>(block.ids(1)[i]), block.ids(2)[i], block.labels(0)[i]);
  };
  visit(Split::train, [&](size_t item, int32_t, double y) {
    shown[item] += 1;
    clicked[item] += y;
    rows += 1;
    clicks += y;
  });
  const double mean = (clicks + 1) / (rows + 2);
  visit(Split::test, [&](size_t item, int32_t d, double y) {
    score.push_back((clicked[item] + 20 * mean) / (shown[item] + 20));
    label.push_back(y);
    domain.push_back(d);
  });
  EXPECT_NEAR(report.popularity_auc, auc(score, label), 1e-12);
  const GroupAuc by_domain = group_auc(score, label, domain, 2);
  EXPECT_NEAR(report.domains[0].popularity_auc, by_domain.by_group[0], 1e-12);
  EXPECT_NEAR(report.domains[1].popularity_auc, by_domain.by_group[1], 1e-12);
}

TEST_F(Lint, WarnsOfAStrongPopularityBaseline) {
  const LintReport report = changed([](Split, int64_t row, Columns& columns) {
    if (row % 5 < 3) columns.fields[1].ids.back() = columns.labels[0].back() > 0.5f ? 2 : 3;
  });
  EXPECT_EQ(findings(report, "popularity").rfind("warning item: the item's click rate alone", 0),
            0);
}

TEST_F(Lint, IsWrittenAsJson) {
  const std::string json = json_of(report_of(clean_row));
  EXPECT_NE(json.find("\"held_out\": \"test\""), std::string::npos);
  EXPECT_NE(json.find("\"verdict\": \"info\""), std::string::npos);
  EXPECT_NE(json.find("null"), std::string::npos);  // the domain's missing share
  EXPECT_EQ(json.find("nan"), std::string::npos);
}

// The verb's exit code, and what it prints.
TEST_F(Lint, VerbEndsWithTheWorstVerdict) {
  auto run = [](const std::string& path) {
    testing::internal::CaptureStdout();
    const int code = lint_verb().run({path});
    std::fflush(stdout);
    return std::make_pair(code, testing::internal::GetCapturedStdout());
  };
  make("good", clean_schema(), {2000, 600, 800}, clean_row);
  make("bad", clean_schema(), {0, 600, 800}, clean_row);
  const auto [good, good_text] = run(folder + "/good");
  EXPECT_EQ(good, 0);
  EXPECT_NE(good_text.find("0 problems, 0 warnings, 1 notes"), std::string::npos) << good_text;
  const auto [bad, bad_text] = run(folder + "/bad");
  EXPECT_EQ(bad, 65);
  EXPECT_NE(bad_text.find("problem  split       train: has no rows"), std::string::npos)
      << bad_text;
  EXPECT_NE(message([] { lint_verb().run({}); }).find("lint: name one data set"),
            std::string::npos);
}

TEST(NumberBins, KeepTheOrder) {
  int64_t last = -1;
  for (float x : {-std::numeric_limits<float>::max(), -2.0f, -1.0f, -1e-20f, 0.0f, 1e-20f, 1.0f,
                  1.01f, 2.0f, std::numeric_limits<float>::max()}) {
    const int64_t bin = number_bin(x);
    EXPECT_GT(bin, last) << x;
    EXPECT_LT(bin, kNumberBins);
    last = bin;
  }
  EXPECT_EQ(number_bin(-0.0f), number_bin(0.0f));
}

TEST(CountedAuc, EqualsTheAucOfItsRows) {
  const std::vector<double> score{.3, .1, .3, .9};
  const std::vector<int64_t> rows{5, 4, 2, 3}, clicks{2, 1, 0, 3};
  std::vector<double> all_scores, labels;
  for (size_t v = 0; v < score.size(); ++v) {
    for (int64_t r = 0; r < rows[v]; ++r) {
      all_scores.push_back(score[v]);
      labels.push_back(r < clicks[v] ? 1 : 0);
    }
  }
  EXPECT_DOUBLE_EQ(counted_auc(score, rows, clicks), auc(all_scores, labels));
}

}  // namespace
}  // namespace ctr
