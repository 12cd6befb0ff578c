// Options and refusals of the converters of single-domain text.

#include <cmath>

#include "io/vocabulary.h"
#include "tests/io/raw_files.h"

namespace ctr {
namespace {

class Converters : public RawFiles {
 protected:
  std::string refusal(const std::string& converter, const std::vector<std::string>& inputs,
                      const Options& options = {}) {
    return message([&] { prepared(converter, inputs, options); });
  }
  static void expect_contains(const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  }
  static int64_t total(const PrepareReport& report) {
    return report.rows[0] + report.rows[1] + report.rows[2];
  }
  // A row of Criteo's 40 columns.
  static std::string criteo_row(const std::string& label, const std::string& i1,
                                const std::string& c1) {
    std::string row = label + "\t" + i1;
    for (int i = 2; i <= 13; ++i) row.append("\t").append(std::to_string(i));
    row.append("\t").append(c1);
    for (int i = 2; i <= 26; ++i) row += "\t";
    return row + "\n";
  }
};

TEST_F(Converters, CsvByOptions) {
  const std::string path = write("t.csv",
                                 "uid,ad,shop,price,tags,day,click\n"
                                 "u1,i1,d1,2.5,a;b,mon,1\nu2,i1,d2,,b,tue,0\n");
  const Options options{{"label", "click"}, {"user", "uid"},      {"item", "ad"},
                        {"domain", "shop"}, {"numeric", "price"}, {"list", "tags"},
                        {"separator", ";"}, {"ignore", "day"},    {"name", "shop"},
                        {"split", "1,0,0"}};
  const Schema schema = prepared("csv", {path}, options).data.schema;
  EXPECT_EQ(schema.name, "shop");
  EXPECT_EQ(schema.labels, (std::vector<std::string>{"click"}));
  ASSERT_EQ(schema.fields.size(), 5u);
  EXPECT_EQ(schema.fields[static_cast<size_t>(schema.index_of(FieldRole::user))].name, "uid");
  EXPECT_EQ(schema.fields[static_cast<size_t>(schema.index_of(FieldRole::item))].name, "ad");
  EXPECT_EQ(schema.fields[3].type, FieldType::numeric);
  EXPECT_EQ(schema.fields[4].type, FieldType::multivalued);
  EXPECT_EQ(schema.domains, 2);
  EXPECT_NE(refusal("csv", {path}).find("has no column 'label'"), std::string::npos);
  expect_contains(refusal("csv", {path}, {{"label", "click"}, {"numeric", "prize"}}),
                  "has no column 'prize'; did you mean 'price'?");
  expect_contains(refusal("csv", {path}, {{"label", "click"}, {"separator", "::"}}),
                  "--separator takes one character");
  expect_contains(refusal("csv", {}, {{"label", "click"}}), "name at least one input file");
  expect_contains(refusal("csv", {folder + "/none.csv"}), "cannot open");
}

TEST_F(Converters, CsvByASchemaFile) {
  const std::string path = write("t.csv", "a/b,click\nx,1\ny,0\n");
  const std::string schema =
      write("s.json", R"({"name": "mine", "labels": ["click"], "fields": [{"name": "a/b"}]})");
  const Options options{{"schema", schema}, {"split", "1,0,0"}};
  const Dataset data = prepared("csv", {path}, options).data;
  EXPECT_EQ(data.schema.name, "mine");
  EXPECT_EQ(data.vocabulary_path(data.schema.fields[0]), data.path + "/vocabulary/a%2Fb.tsv");
  EXPECT_EQ(Vocabulary::load(data.vocabulary_path(data.schema.fields[0]), 2).token_of(3), "y");
  EXPECT_EQ(prepared("csv", {path}, {{"label", "click"}, {"split", "1,0,0"}}).data.schema.name,
            "set1");  // as the directory
  Options both = options;
  both.emplace_back("numeric", "a/b");
  expect_contains(refusal("csv", {path}, both), "says what the columns are; leave --label");
}

TEST_F(Converters, TsvSplitsByShares) {
  std::string text = "a\tlabel\n";
  for (int i = 0; i < 2000; ++i) text += std::to_string(i) + "\t" + std::to_string(i % 2) + "\n";
  const std::string path = write("t.tsv", text);
  const auto report = prepared("tsv", {path}, {{"split", "6:2:2"}}).report;
  EXPECT_EQ(total(report), 2000);
  EXPECT_NEAR(static_cast<double>(report.rows[0]), 1200, 70);
  const auto other = prepared("tsv", {path}, {{"split", "6:2:2"}, {"seed", "5"}}).report;
  EXPECT_NE(report.rows[0], other.rows[0]);
}

TEST_F(Converters, Criteo) {
  const std::string path =
      write("train.txt", criteo_row("1", "", "05db9164") + criteo_row("0", "100", "68fd1e64") +
                             criteo_row("0", "-3", "05db9164"));
  const auto buckets = prepared("criteo", {"train=" + path}, {{"min_count", "1"}}).data;
  ASSERT_EQ(buckets.schema.fields.size(), 39u);
  EXPECT_EQ(buckets.schema.fields[0].encoding.tokens, TokenRule::log_square);
  EXPECT_EQ(ids(buckets, "C1"), (std::vector<int32_t>{2, 3, 2}));
  EXPECT_EQ(labels(buckets), (std::vector<float>{1, 0, 0}));
  const auto logs =
      prepared("criteo", {"train=" + path}, {{"min_count", "1"}, {"numeric", "log"}}).data;
  EXPECT_EQ(numbers(logs, "I1"), (std::vector<float>{0, std::log1p(100.f), 0}));
  expect_contains(refusal("criteo", {write("bad.txt", "1\t2\n")}),
                  "bad.txt:1: expected 40 columns, found 2");
  expect_contains(refusal("criteo", {write("bad.txt", criteo_row("1", "x", "a"))}),
                  "bad.txt:1:3: expected a number, found 'x'");
}

TEST_F(Converters, Avazu) {
  const std::string header = "id,click,hour,C1\n";
  const std::string path =
      write("t.csv", header + "1,0,14102100,a\n2,1,14102523,b\n3,1,14102605,a\n");
  const auto data = prepared("avazu", {"train=" + path}, {{"min_count", "1"}}).data;
  EXPECT_EQ(data.schema.fields.size(), 4u);
  EXPECT_EQ(ids(data, "hour_of_day"), (std::vector<int32_t>{0, 23, 5}));
  EXPECT_EQ(ids(data, "weekday"), (std::vector<int32_t>{2, 6, 0}));  // 21 Oct 2014: a Tuesday
  EXPECT_EQ(ids(data, "weekend"), (std::vector<int32_t>{0, 1, 1}));
  for (const char* hour : {"14102124", "14109900", "14133100", "1410210", "x4102100", ""}) {
    expect_contains(refusal("avazu", {"train=" + write("b.csv", header + "1,0," + hour + ",a\n")}),
                    "b.csv:2:5: expected ");
  }
  expect_contains(refusal("avazu", {"train=" + write("b.csv", header + "1,0,14109900,a\n")}),
                  "b.csv:2:5: expected an id in [0, 24) for field 'hour_of_day', found '14109900'");
  expect_contains(refusal("avazu", {write("b.csv", "id,hour,C1\n1,14102100,a\n")}),
                  "there is no column 'click'; the contest's test file holds no labels");
}

TEST_F(Converters, LibfmByPosition) {
  const auto data = prepared("libfm", {"train=" + write("a", "1 3:1 9:1\n-1 4:1 9:1\n"),
                                       "valid=" + write("b", "0 5:1 9:1\n")})
                        .data;
  ASSERT_EQ(data.schema.fields.size(), 2u);
  EXPECT_EQ(labels(data), (std::vector<float>{1, 0}));
  EXPECT_EQ(ids(data, "f1"), (std::vector<int32_t>{2, 3}));
  EXPECT_EQ(ids(data, "f1", Split::valid), (std::vector<int32_t>{1}));
  EXPECT_EQ(ids(data, "f2", Split::valid), (std::vector<int32_t>{2}));
}

TEST_F(Converters, Frappe) {
  const std::string rest = " 20:1 30:1 40:1 50:1 60:1 70:1 80:1 90:1\n";
  write("train.libfm", "1 3:1 10:1" + rest + "-1 4:1 10:1" + rest + "-1 3:1 11:1" + rest);
  write("frappe.validation.libfm", "-1 5:1 10:1" + rest);
  expect_contains(refusal("frappe", {folder}),
                  "there is no file 'test.libfm' (or test.libfm.gz, or 'frappe.test.libfm')");
  write("test.libfm", "1 4:1 11:1" + rest);
  const Dataset data = prepared("frappe", {folder}).data;
  const Schema& schema = data.schema;
  EXPECT_EQ(schema.name, "frappe");
  ASSERT_EQ(schema.fields.size(), 10u);
  EXPECT_EQ(schema.fields[0].role, FieldRole::user);
  EXPECT_EQ(schema.fields[1].role, FieldRole::item);
  EXPECT_EQ(schema.fields[9].name, "city");
  EXPECT_EQ(labels(data), (std::vector<float>{1, 0, 0}));
  EXPECT_EQ(ids(data, "user"), (std::vector<int32_t>{2, 3, 2}));
  EXPECT_EQ(ids(data, "user", Split::valid), (std::vector<int32_t>{1}));  // not met in training
  EXPECT_EQ(ids(data, "item", Split::test), (std::vector<int32_t>{3}));
  EXPECT_EQ(labels(data, Split::test), (std::vector<float>{1}));
  expect_contains(refusal("frappe", {folder, folder}), "name the one directory");
  write("test.libfm", "1 4:1 11:0.5" + rest);
  expect_contains(refusal("frappe", {folder}), "values other than 1 at changing ids");
  write("test.libfm", "1 4:1 11:1\n");
  expect_contains(refusal("frappe", {folder}),
                  "10 fields are named, the lines have 1 (they differ in length)");
}

TEST_F(Converters, LibsvmListsAndNumbers) {
  const auto lists = prepared("libsvm", {"train=" + write("a", "1 3:1 9:1\n0 4:1\n")}).data;
  ASSERT_EQ(lists.schema.fields.size(), 1u);
  EXPECT_EQ(lists.schema.fields[0].type, FieldType::multivalued);
  const auto numeric = prepared("libsvm", {"train=" + write("a", "1 1:0.5 7:1\n0 1:2 8:1\n")}).data;
  EXPECT_EQ(numbers(numeric, "f1"), (std::vector<float>{0.5f, 2}));
  EXPECT_EQ(numeric.schema.fields[1].type, FieldType::categorical);
}

TEST_F(Converters, LibffmByField) {
  const auto data =
      prepared("libffm", {"train=" + write("a", "1 0:3:1 1:9:0.5 2:5:1 2:6:1\n0 0:4:1 1:9:2\n")},
               {{"field_names", "user,price,tags"}, {"user", "user"}})
          .data;
  ASSERT_EQ(data.schema.fields.size(), 3u);
  EXPECT_EQ(data.schema.fields[0].role, FieldRole::user);
  EXPECT_EQ(numbers(data, "price"), (std::vector<float>{0.5f, 2}));
  EXPECT_EQ(ids(data, "tags").size(), 2u);
  expect_contains(refusal("libffm", {write("b", "1 0:3:1\n")}, {{"field_names", "a,b"}}),
                  "2 fields are named, the lines have 1");
}

TEST_F(Converters, RefuseBadSparseLines) {
  const auto says = [&](const std::string& converter, const std::string& line) {
    return refusal(converter, {"train=" + write("x", "1 0:1:1\n" + line)});
  };
  expect_contains(says("libffm", "2 0:1:1\n"), "x:2:1: expected a label -1, 0 or 1, found '2'");
  expect_contains(says("libffm", "1 0:1:1 5:1\n"),
                  "x:2:9: expected field:id:value with a finite value, found '5:1'");
  expect_contains(says("libffm", "1 900000:1:1\n"),
                  "x:2:3: expected field:id:value with a field below 100000");
  expect_contains(says("libffm", "1 0:1:nan\n"),
                  "x:2:3: expected field:id:value with a finite value");
  expect_contains(refusal("libsvm", {"train=" + write("x", "1 a:1\n1 b\n")}),
                  "x:2:3: expected id:value with a finite value, found 'b'");
  expect_contains(refusal("libsvm", {"train=" + write("x", "1 a:2\n1 b:1\n")}),
                  "weighted categories are not supported");
  expect_contains(refusal("libsvm", {"train=" + write("x", "1 a:2\n1 a:1 b:1\n")}),
                  "lines of different lengths whose values are not all 1");
}

}  // namespace
}  // namespace ctr
