// Every rule of Encoding on small tables, the cells it refuses, and the plans that cannot work.

#include <cmath>

#include <fmt/format.h>

#include "io/prepare/encoder.h"
#include "tests/io/raw_files.h"

namespace ctr {
namespace {

class Encodings : public RawFiles {
 protected:
  // A set of the files and a schema file of these fields.
  Prepared with_schema(const std::vector<std::string>& inputs, const std::string& fields,
                       const std::string& more = "") {
    BadLines bad(BadLinePolicy::error);
    return with_schema(inputs, fields, bad, more);
  }
  Prepared with_schema(const std::vector<std::string>& inputs, const std::string& fields,
                       BadLines& bad, const std::string& more = "") {
    const std::string schema =
        write("schema.json", R"({"name": "t", "fields": [)" + fields + "]" + more + "}");
    return prepared("csv", inputs, {{"schema", schema}}, bad);
  }
  std::vector<std::string> files(const std::string& train, const std::string& valid = "",
                                 const std::string& test = "") const {
    const std::string header = train.substr(0, train.find('\n') + 1);
    return {"train=" + write("a.csv", train), "valid=" + write("b.csv", header + valid),
            "test=" + write("c.csv", header + test)};
  }
  std::string refusal(const std::string& train, const std::string& fields,
                      const std::string& more = "") {
    return message([&] { with_schema(files(train), fields, more); });
  }
  static void expect_contains(const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  }
};

TEST_F(Encodings, VocabulariesComeFromTheTrainingSplit) {
  const auto [data, report] =
      prepared("csv", files("c,label\nb,0\na,1\nb,1\n,0\n", "a,1\nnew,0\n", "new,0\n,1\n"));
  const Field& field = data.schema.fields[0];
  EXPECT_EQ(field.vocabulary, 5);  // missing, unseen, b, "", a
  EXPECT_EQ(ids(data, "c"), (std::vector<int32_t>{2, 4, 2, 3}));
  EXPECT_EQ(ids(data, "c", Split::valid), (std::vector<int32_t>{4, 1}));
  EXPECT_EQ(ids(data, "c", Split::test), (std::vector<int32_t>{1, 3}));
  EXPECT_EQ(labels(data), (std::vector<float>{0, 1, 1, 0}));
  EXPECT_EQ(report.fields[0].unseen[0], 0);
  EXPECT_EQ(report.fields[0].unseen[1], 1);
  EXPECT_EQ(report.fields[0].missing[0], 1);
  const Vocabularies saved = load_vocabularies(data.schema, data.path);
  EXPECT_EQ(saved[0]->find("b"), 2);
  EXPECT_EQ(saved[0]->count_of(2), 2);
}

TEST_F(Encodings, RareTokensAndMissingCells) {
  const std::string field =
      R"({"name": "c", "encoding": {"min_count": 2, "missing_is_token": false}})";
  const auto [data, report] = with_schema(files("c,label\na,1\n,0\nb,1\na,0\n,0\n", ",1\n"), field);
  EXPECT_EQ(data.schema.fields[0].vocabulary, 3);
  EXPECT_EQ(ids(data, "c"), (std::vector<int32_t>{2, 1, 1, 2, 1}));
  EXPECT_EQ(ids(data, "c", Split::valid), (std::vector<int32_t>{1}));
  EXPECT_EQ(report.fields[0].rare, 1);
  EXPECT_EQ(report.fields[0].missing[0], 2);
}

TEST_F(Encodings, NumbersByTheirRules) {
  const std::string text = "raw,std,mm,log,label\n1.5,1,10,-3,0\n,3,20,1,1\n-2e3, 5 ,,3,0\n";
  const auto [data, report] =
      with_schema(files(text, "7,9,40,0,1\n"),
                  R"({"name": "raw", "type": "numeric", "encoding": {"missing": 4}},
         {"name": "std", "type": "numeric", "encoding": {"numbers": "standard"}},
         {"name": "mm", "type": "numeric", "encoding": {"numbers": "minmax", "missing": 15}},
         {"name": "log", "type": "numeric", "encoding": {"numbers": "log"}})");
  EXPECT_EQ(numbers(data, "raw"), (std::vector<float>{1.5f, 4, -2000}));
  const auto deviation = static_cast<float>(std::sqrt(8.0 / 3));
  const auto standard = numbers(data, "std");
  EXPECT_FLOAT_EQ(standard[0], -2 / deviation);
  EXPECT_FLOAT_EQ(standard[1], 0);
  EXPECT_FLOAT_EQ(numbers(data, "std", Split::valid)[0], 6 / deviation);
  EXPECT_EQ(numbers(data, "mm"), (std::vector<float>{0, 1, 0.5f}));
  EXPECT_EQ(numbers(data, "mm", Split::valid), (std::vector<float>{3}));
  EXPECT_EQ(numbers(data, "log"), (std::vector<float>{0, static_cast<float>(std::log(2.0)),
                                                      static_cast<float>(std::log(4.0))}));
  EXPECT_EQ(report.fields[0].missing[0], 1);
}

TEST_F(Encodings, TokensMadeOfNumbers) {
  const std::string field = R"({"name": "n", "encoding": {"tokens": "log_square"}},
    {"name": "b", "encoding": {"tokens": "boundaries", "boundaries": [0, 10]}})";
  const auto data =
      with_schema(files("n,b,label\n-1,-5,0\n2,0,1\n100,9.5,0\n,10,1\n2.5,11,0\n0.7,,0\n"), field)
          .data;
  const Vocabularies v = load_vocabularies(data.schema, data.path);
  const auto token = [&](const char* name, size_t row) {
    const auto f = static_cast<size_t>(data.schema.index_of(name));
    return std::string(v[f]->token_of(ids(data, name)[row]));
  };
  const char* squares[] = {"-1", "2", "21", "", "0", "0"};  // floor(ln(100)^2) = 21
  const char* bounds[] = {"0", "1", "1", "2", "2", ""};
  for (size_t row = 0; row < 6; ++row) {
    EXPECT_EQ(token("n", row), squares[row]) << row;
    EXPECT_EQ(token("b", row), bounds[row]) << row;
  }
}

TEST_F(Encodings, GivenAndHashedIds) {
  const std::string fields = R"({"name": "g", "vocabulary": 4, "encoding": {"ids": "given"}},
                                {"name": "h", "encoding": {"ids": "hash", "buckets": 5}})";
  const auto data = with_schema(files("g,h,label\n3,x,1\n 2 ,y,0\n0,x,0\n"), fields).data;
  EXPECT_EQ(ids(data, "g"), (std::vector<int32_t>{3, 2, 0}));
  EXPECT_EQ(data.schema.fields[1].vocabulary, 7);
  const auto hashed = ids(data, "h");
  EXPECT_EQ(hashed[0], hashed[2]);
  for (int32_t id : hashed) EXPECT_TRUE(id >= 2 && id < 7) << id;
}

TEST_F(Encodings, Lists) {
  const std::string fields = R"({"name": "m", "type": "multivalued", "max_length": 2},
    {"name": "s", "type": "sequence", "max_length": 2, "encoding": {"separator": ";"}})";
  const auto [data, report] =
      with_schema(files("m,s,label\na|b|c,1;2;3,0\n,,1\n|a|,3,1\n"), fields);
  const auto& block = data.blocks(Split::train).block(0);
  const auto offsets = block.offsets(0);
  EXPECT_EQ(std::vector<int64_t>(offsets.begin(), offsets.end()),
            (std::vector<int64_t>{0, 2, 2, 3}));
  EXPECT_EQ(ids(data, "m"), (std::vector<int32_t>{2, 3, 2}));  // a, b; a
  const Vocabularies v = load_vocabularies(data.schema, data.path);
  EXPECT_EQ(v[1]->token_of(ids(data, "s")[0]), "2") << "sequences keep the last ones";
  EXPECT_EQ(report.fields[0].missing[0], 1);
}

TEST_F(Encodings, DomainsKeepTheOrderOfTheSource) {
  const auto data =
      prepared("csv", files("d,label\nz,0\na,1\nz,1\n", "m,1\n"), {{"domain", "d"}}).data;
  EXPECT_EQ(data.schema.domains, 3);
  EXPECT_EQ(data.schema.domain_names, (std::vector<std::string>{"z", "a", "m"}));
  EXPECT_EQ(ids(data, "d", Split::valid), (std::vector<int32_t>{2}));
}

TEST_F(Encodings, NamedDomainsKeepTheirOrder) {
  const std::string field = R"({"name": "d", "role": "domain"})";
  const std::string names = R"(, "domains": 3, "domain_names": ["a", "z", "empty"])";
  const auto data = with_schema(files("d,label\nz,0\na,1\n"), field, names).data;
  EXPECT_EQ(data.schema.domains, 3);
  EXPECT_EQ(ids(data, "d"), (std::vector<int32_t>{1, 0}));
  expect_contains(refusal("d,label\nz,0\nemty,1\n", field, names),
                  "a.csv:3:1: expected the name of a domain, found 'emty'; did you mean 'empty'?");
}

TEST_F(Encodings, RefusesBadCellsWithTheirPlace) {
  const std::string number = R"({"name": "x", "type": "numeric"})";
  const std::string skip = " (--on-bad-line skip leaves such lines out)";
  for (const char* bad : {"nan", "inf", "1,5", "1e400", "4e38", "abc", "0x10", "1 2"}) {
    const std::string cell = std::string(bad).find(',') == std::string::npos
                                 ? std::string(bad)
                                 : fmt::format("\"{}\"", bad);
    expect_contains(refusal("label,x\n1,3\n0," + cell + "\n", number),
                    "expected a finite number of at most 3.4e38 in size, found '" +
                        std::string(bad) + "'; leave the cell empty if it is missing" + skip);
  }
  expect_contains(refusal("label,x\n1,3\n0,nan\n", number), "a.csv:3:3: expected");
  for (const char* bad : {"2", "-0.1", "yes", "", "nan"})
    expect_contains(refusal("x,label\n1,1\n1," + std::string(bad) + "\n", number),
                    "a.csv:3:3: expected a label in [0, 1], found");
  const std::string given = R"({"name": "g", "vocabulary": 4, "encoding": {"ids": "given"}})";
  for (const char* bad : {"4", "-1", "1.0", "3000000000", "99999999999999999999", ""})
    expect_contains(refusal("label,g\n1," + std::string(bad) + "\n", given),
                    "a.csv:2:3: expected an id in [0, 4) for field 'g', found");
  const std::string square = R"({"name": "n", "encoding": {"tokens": "log_square"}})";
  expect_contains(refusal("label,n\n1,many\n", square),
                  "a.csv:2:3: expected a number, found 'many'");
}

TEST_F(Encodings, RefusesPlansThatCannotWork) {
  const std::string text = "c,label\na,1\n";
  expect_contains(refusal(text, R"({"name": "cc"})"),
                  "there is no column 'cc' for the field; did you mean 'c'?");
  expect_contains(refusal(text, R"({"name": "c"})", R"(, "labels": ["labl"])"),
                  "there is no column 'labl' for the label; did you mean 'label'?");
  expect_contains(refusal(text, R"({"name": "c"}, {"name": "c"})"), "two fields are called 'c'");
  expect_contains(refusal(text, R"({"name": "c", "encoding": {"ids": "hash"}})"),
                  "hashed field 'c' needs from 1 to 2^31 - 3 buckets, got 0");
  expect_contains(
      refusal(text, R"({"name": "c", "encoding": {"ids": "hash", "buckets": 3000000000}})"),
      "hashed field 'c' needs from 1 to 2^31 - 3 buckets, got 3000000000");
  expect_contains(refusal(text, R"({"name": "c", "encoding": {"ids": "given"}})"),
                  "name their number as its vocabulary");
  expect_contains(refusal(text, R"({"name": "c", "type": "multivalued",
                                    "encoding": {"tokens": "log_square"}})"),
                  "field 'c' is a list; token rules are for categorical fields");
  expect_contains(refusal(text, R"({"name": "c", "encoding": {"tokens": "boundaries",
                                    "boundaries": [3, 1]}})"),
                  "field 'c' needs ascending boundaries");
  expect_contains(refusal(text, R"({"name": "c", "role": "domain", "unseen": true})"),
                  "the domain field 'c' must be categorical");
  expect_contains(refusal("c,label\n", R"({"name": "c"})"),
                  "the training split has no rows (0 lines were left out); check --split");
  expect_contains(message([] { find_converter("criteos"); }),
                  "unknown converter 'criteos'; did you mean 'criteo'?");
}

TEST_F(Encodings, LeavesNothingBehindAfterAnError) {
  refusal("c,label\na,1\nb,x\n", R"({"name": "c"})");
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    EXPECT_EQ(entry.path().string().find("set"), std::string::npos) << entry.path();
  write("set1", "in the way");
  expect_contains(refusal("c,label\na,1\n", R"({"name": "c"})"), "set1' exists already");
}

// What `predict` does with raw rows: the same ids as in the prepared set, without labels.
TEST_F(Encodings, EncodesNewRowsAsTheTrainingRows) {
  const auto data =
      prepared("csv", files("c,x,label\nb,1,0\na,2,1\nb,3,1\n"), {{"numeric", "x"}}).data;
  auto made = find_converter("csv").make();
  OptionList list = made->options();
  list.set("label", "c", "test");  // any column: this file has no label
  PreparePlan rows = made->open({"train=" + write("new.csv", "x,c\n9,a\n8,other\n")});
  BadLines bad(BadLinePolicy::error);
  RawChunk chunk;
  ASSERT_TRUE(rows.source->next(chunk, bad));
  ChunkParser parser(data.schema, *rows.source, false);
  parser.parse(chunk, bad);
  Encoder encoder(data.schema, load_vocabularies(data.schema, data.path));
  std::array<Columns, 3> columns = {Columns::empty(data.schema), Columns::empty(data.schema),
                                    Columns::empty(data.schema)};
  encoder.encode(chunk, parser, false, columns);
  EXPECT_EQ(columns[0].rows, 2);
  EXPECT_EQ(columns[0].fields[0].ids, (std::vector<int32_t>{3, 1}));
  EXPECT_EQ(columns[0].fields[1].numbers, (std::vector<float>{9, 8}));
}

}  // namespace
}  // namespace ctr
