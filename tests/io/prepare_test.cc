// The two passes: what text becomes, and what is refused.

#include "io/prepare/prepare.h"

#include <omp.h>

#include <cmath>

#include <gtest/gtest.h>

#include "engine/parallel.h"
#include "io/batch_loader.h"
#include "io/prepare/encoder.h"
#include "tests/io/raw_files.h"

namespace ctr {
namespace {

const std::string kSkip = " (--on-bad-line skip leaves such lines out)";

// Runs a converter into FOLDER/out.
Prepared prepared(const Folder& folder, const std::string& converter, const Options& options,
                  const std::vector<std::string>& inputs,
                  BadLinePolicy policy = BadLinePolicy::error) {
  BadLines bad(policy);
  std::filesystem::remove_all(folder.path() + "/out");
  return prepare_into(folder.path() + "/out", converter, inputs, options, bad);
}

Batch whole(const Dataset& data, Split split) {
  LoaderOptions options;
  options.batch_size = std::max<int64_t>(1, data.rows(split));
  BatchLoader loader(data, split, options);
  Batch batch;
  loader.next(batch);
  return batch;
}

template <class T>
std::vector<T> values(const Tensor& tensor) {
  return {tensor.span<T>().begin(), tensor.span<T>().end()};
}

// A table with a field of every kind, described by a schema file.
class Tables : public testing::Test {
 protected:
  Folder folder{"prepare"};
  const std::string schema = folder.path() + "/schema.json";
  const std::string train = folder.path() + "/train.csv", test = folder.path() + "/test.csv";

  void SetUp() override {
    folder.write("schema.json", R"({"name": "t", "labels": ["click"], "fields": [
      {"name": "city", "type": "categorical", "encoding": {"min_count": 2}},
      {"name": "shop", "type": "categorical", "role": "domain"},
      {"name": "tags", "type": "multivalued", "max_length": 2},
      {"name": "price", "type": "numeric", "encoding": {"numbers": "standard", "missing": 4}},
      {"name": "age", "type": "categorical",
       "encoding": {"tokens": "boundaries", "boundaries": [18, 30]}},
      {"name": "code", "type": "categorical", "encoding": {"ids": "hash", "buckets": 5}},
      {"name": "slot", "type": "categorical", "vocabulary": 4, "encoding": {"ids": "given"}}]})");
    folder.write("train.csv",
                 "click,city,shop,tags,price,age,code,slot\n"
                 "1,rome,b,x|y|z,2,17,q,0\n"
                 "0,rome,a,y,6,18,r,3\n"
                 "0,oslo,b,,,44,q,1\n"
                 "1,,b,x,4,,q,2\n");
    folder.write("test.csv",
                 "click,city,shop,tags,price,age,code,slot\n"
                 "0.5,oslo,a,w|x,8,30,zz,0\n");
  }
  Prepared run(BadLinePolicy policy = BadLinePolicy::error) {
    return prepared(folder, "csv", {{"schema", schema}}, {"train=" + train, "test=" + test},
                    policy);
  }
  std::string refusal(const std::string& row) {
    folder.write("test.csv", "click,city,shop,tags,price,age,code,slot\n" + row + "\n");
    return error_of([&] { run(); });
  }
};

TEST_F(Tables, EveryKindOfFieldIsEncoded) {
  const Prepared p = run();
  const Schema& schema_ = p.data.schema;
  EXPECT_EQ(schema_.fields[0].vocabulary, 3);  // missing, unseen, rome
  EXPECT_EQ(schema_.domain_names, (std::vector<std::string>{"b", "a"}));
  const Batch t = whole(p.data, Split::train), s = whole(p.data, Split::test);
  // oslo is rare, an empty cell a token that is rare too: unseen but for padding.
  EXPECT_EQ(values<int64_t>(t.fields[0].ids), (std::vector<int64_t>{2, 2, 1, 0}));
  EXPECT_EQ(values<int64_t>(s.fields[0].ids), (std::vector<int64_t>{1}));
  EXPECT_EQ(values<int64_t>(t.domain), (std::vector<int64_t>{0, 1, 0, 0}));
  // x and y are seen twice each; z is cut off; w is unseen.
  EXPECT_EQ(values<int64_t>(t.fields[2].ids), (std::vector<int64_t>{2, 3, 3, 2}));
  EXPECT_EQ(values<int64_t>(t.fields[2].offsets), (std::vector<int64_t>{0, 2, 3, 3}));
  EXPECT_EQ(values<int64_t>(s.fields[2].ids), (std::vector<int64_t>{1, 2}));
  // Mean 4, deviation √(8/3) over the three that are there; the missing one is 4.
  const float unit = static_cast<float>(2 / std::sqrt(8.0 / 3));
  EXPECT_EQ(values<float>(t.fields[3].values), (std::vector<float>{-unit, unit, 0, 0}));
  EXPECT_EQ(values<float>(s.fields[3].values), (std::vector<float>{2 * unit}));
  // Buckets 0, 1, 2 and missing, one each: by their bytes, the empty one first.
  EXPECT_EQ(values<int64_t>(t.fields[4].ids), (std::vector<int64_t>{3, 4, 5, 2}));
  EXPECT_EQ(values<int64_t>(s.fields[4].ids), (std::vector<int64_t>{5}));
  EXPECT_EQ(schema_.fields[5].vocabulary, 7);
  for (int64_t id : values<int64_t>(t.fields[5].ids)) EXPECT_TRUE(id >= 2 && id < 7);
  EXPECT_EQ(values<int64_t>(t.fields[6].ids), (std::vector<int64_t>{0, 3, 1, 2}));
  EXPECT_EQ(values<float>(s.label), (std::vector<float>{0.5f}));
  EXPECT_EQ(p.report.fields[0].unseen[2], 1);
  EXPECT_EQ(p.report.fields[0].missing[0], 1);
  EXPECT_EQ(p.report.warnings,
            (std::vector<std::string>{
                "domain 'a' has one class in the train split (1 rows, 0 clicks): it has no AUC "
                "there",
                "the valid split has no rows", "domain 'b' has no rows in the test split"}));
}

TEST_F(Tables, BadCellsAreNamedWithTheirPlace) {
  EXPECT_EQ(refusal("2,rome,a,x,1,1,q,0"),
            test + ":2:1: expected a label in [0, 1], found '2'" + kSkip);
  EXPECT_EQ(refusal(",rome,a,x,1,1,q,0"),
            test + ":2:1: expected a label in [0, 1], found nothing" + kSkip);
  EXPECT_EQ(refusal("1,rome,a,x,nan,1,q,0"),
            test +
                ":2:12: expected a finite number of at most 3.4e38 in size, found 'nan'; leave the "
                "cell empty if it is missing" +
                kSkip);
  EXPECT_EQ(refusal("1,rome,a,x,inf,1,q,0").find(test + ":2:12: expected a finite number"), 0u);
  EXPECT_EQ(refusal("1,rome,a,x,1e999,1,q,0").find(test + ":2:12: expected a finite number"), 0u);
  EXPECT_EQ(refusal("1,rome,a,x,1,old,q,0"),
            test + ":2:14: expected a number, found 'old'; leave the cell empty if it is missing" +
                kSkip);
  EXPECT_EQ(refusal("1,rome,a,x,1,1,q,4"),
            test +
                ":2:18: expected an id in [0, 4) for field 'slot', found '4'; enlarge the "
                "field's vocabulary in the schema" +
                kSkip);
  EXPECT_EQ(refusal("1,rome,a,x,1,1,q"), test + ":2: expected 8 columns, found 7" + kSkip);
}

TEST_F(Tables, SkippedLinesLeaveNoTrace) {
  const Prepared clean = run();
  const std::string text = read_text(train);
  folder.write("train.csv", text + "9,newtown,c,v,1,1,q,0\n1,rome,b,x,oops,1,q,0\nshort\n");
  const Prepared skipped = run(BadLinePolicy::skip);
  EXPECT_EQ(skipped.report.bad_lines, 3);
  EXPECT_EQ(skipped.data.schema, clean.data.schema);
  EXPECT_EQ(skipped.data.rows(Split::train), 4);
}

TEST_F(Tables, AMissingColumnOrEmptyTrainingSplitIsRefused) {
  folder.write("train.csv", "click,town\n1,rome\n");
  folder.write("test.csv", "click,town\n1,rome\n");
  EXPECT_NE(error_of([&] { run(); }).find("there is no column 'city' for the field"),
            std::string::npos);
  SetUp();
  folder.write("train.csv", "click,city,shop,tags,price,age,code,slot\n");
  EXPECT_EQ(
      error_of([&] { run(); }),
      "prepare: the training split has no rows (0 lines were left out); check --split and the "
      "input");
  EXPECT_FALSE(std::filesystem::exists(folder.path() + "/out"));
}

TEST_F(Tables, NamedDomainsAreTheOnlyOnes) {
  std::string text = read_text(schema);
  text.insert(text.find("\"labels\""), R"("domain_names": ["a", "b"], )");
  folder.write("schema.json", text);
  EXPECT_EQ(run().data.schema.domain_names, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(refusal("1,rome,bb,x,1,1,q,0"),
            test + ":2:8: expected the name of a domain, found 'bb'; did you mean 'b'?" + kSkip);
}

TEST_F(Tables, TheThreadsDoNotShow) {
  FineGrainScope fine;
  std::vector<std::string> bytes;
  for (int threads : {1, 3}) {
    omp_set_num_threads(threads);
    run();
    for (const char* name :
         {"/train.blocks", "/test.blocks", "/schema.json", "/vocabulary/tags.tsv"})
      bytes.push_back(read_text(folder.path() + "/out" + name));
  }
  omp_set_num_threads(omp_get_num_procs());
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(bytes[i], bytes[i + 4]);
}

TEST(Criteo, BucketsNumbersAsX4Does) {
  const Folder folder("criteo");
  std::string text;
  for (const char* number : {"-3", "0", "1", "2", "3", "100", ""}) {
    text += fmt::format("1\t{}{}\n", number, std::string(38, '\t'));
  }
  folder.write("train.txt", text);
  const Prepared p = prepared(folder, "criteo", {{"min_count", "1"}, {"split", "1,0,0"}},
                              {folder.path() + "/train.txt"});
  const Vocabularies vocabularies = load_vocabularies(p.data.schema, p.data.path);
  std::vector<std::string> tokens;
  for (int64_t id : values<int64_t>(whole(p.data, Split::train).fields[0].ids))
    tokens.emplace_back(vocabularies[0]->token_of(id));
  EXPECT_EQ(tokens, (std::vector<std::string>{"-3", "0", "1", "2", "1", "21", ""}));
}

// The published set: rows, positives (33.46 % of training with the published negatives) and the
// tables of FuxiCTR's Frappe_x1, which count a row for missing and one for unseen values too.
TEST(RealSamples, FrappeIsThePublishedSet) {
  const std::string frappe = real_data("frappe");
  if (frappe.empty()) GTEST_SKIP() << "shared/data/frappe is not at hand";
  const Folder folder("frappe");
  const Dataset data = prepared(folder, "frappe", {}, {frappe}).data;
  const std::vector<std::pair<std::string, int64_t>> fields = {
      {"user", 956},   {"item", 4084}, {"daytime", 9},  {"weekday", 9},  {"isweekend", 4},
      {"homework", 5}, {"cost", 4},    {"weather", 11}, {"country", 82}, {"city", 235}};
  ASSERT_EQ(data.schema.fields.size(), fields.size());
  for (size_t f = 0; f < fields.size(); ++f) {
    const Field& field = data.schema.fields[f];
    EXPECT_EQ(field.type, FieldType::categorical);
    EXPECT_EQ(field.name, fields[f].first);
    EXPECT_EQ(field.vocabulary, fields[f].second) << field.name;
  }
  const std::pair<int64_t, int64_t> published[] = {
      {202'027, 67'604}, {57'722, 19'063}, {28'860, 9'536}};  // rows and clicks
  for (size_t s = 0; s < 3; ++s) {
    const BlockFile& blocks = data.blocks(static_cast<Split>(s));
    int64_t clicks = 0;
    for (int64_t b = 0; b < blocks.blocks(); ++b)
      for (float label : blocks.block(b).labels(0)) clicks += label == 1;
    EXPECT_EQ(blocks.rows(), published[s].first);
    EXPECT_EQ(clicks, published[s].second);
  }
}

TEST(RealSamples, GoThroughEndToEnd) {
  const std::string criteo = real_data("criteo"), avazu = real_data("avazu");
  if (criteo.empty() || avazu.empty()) GTEST_SKIP() << "samples are not at hand";
  const Folder folder("samples");
  for (const char* seed : {"1", "2"}) {
    const PrepareReport report =
        prepared(folder, "criteo", {{"seed", seed}}, {criteo + "/train10k.txt.gz"}).report;
    EXPECT_EQ(report.rows[0] + report.rows[1] + report.rows[2], 10'000);
    EXPECT_NEAR(static_cast<double>(report.rows[0]), 8'000, 4 * 40);  // binomial: σ is 40
  }
  EXPECT_EQ(prepared(folder, "criteo", {{"min_count", "1"}}, {criteo + "/criteo_sample.txt"})
                .data.schema.fields.size(),
            39u);
  EXPECT_EQ(prepared(folder, "avazu", {}, {avazu + "/train.csv.gz"}).data.schema.fields.size(),
            24u);
}

}  // namespace
}  // namespace ctr
