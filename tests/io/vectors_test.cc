// Vectors of a field's tokens from a file: whose row is whose, what is counted, what is refused.

#include "io/prepare/vector_file.h"
#include "io/safetensors.h"
#include "tests/io/npy_bytes.h"
#include "tests/io/raw_files.h"

namespace ctr {
namespace {

class Vectors : public RawFiles {
 protected:
  // Items b (three times), a (twice), c, and a list of them.
  std::string rows =
      write("rows.csv", "item,words,label\nb,a|c,1\na,b,0\nb,,1\na,x,0\nb,c,1\nc,b|b,0\n");

  struct Made {
    Tensor table;
    PrepareReport report;
    Schema schema;
  };
  Made made(const std::string& texts, const Options& options = {}) {
    const auto csv = find_converter("csv").make();
    OptionList list = csv->options();
    list.set("split", "1,0,0", "");
    for (const auto& [name, value] : options) list.set(name, value, "");
    PreparePlan plan = csv->open({rows});
    give_vectors(plan, {texts});
    BadLines bad(BadLinePolicy::error);
    const std::string target = folder + "/set" + std::to_string(sets_++);
    Made result;
    result.report = prepare(plan, target, bad);
    const Dataset data = read_dataset(target);
    result.table = data.vectors.begin()->second;
    result.schema = data.schema;
    return result;
  }
  std::string refusal(const std::string& texts, const Options& options = {}) {
    return message([&] { made(texts, options); });
  }
  static std::vector<float> all(const Tensor& table) {
    return {table.span<float>().begin(), table.span<float>().end()};
  }

 private:
  int sets_ = 0;
};

// Ids: 0 missing, 1 unseen, then b, a, c by falling count.
TEST_F(Vectors, RowsAreNamedByLines) {
  write("item.npy", npy_matrix(3, 2, {1, 2, 3, 4, 5, 6}));
  write("item.txt", "a\nb\nz\n");
  const Made result = made("item=" + folder + "/item.npy");
  EXPECT_EQ(all(result.table), (std::vector<float>{0, 0, 0, 0, 3, 4, 1, 2, 0, 0}));
  EXPECT_EQ(result.schema.fields[0].vectors, "item");
  EXPECT_EQ(result.schema.fields[0].vector_width, 2);
  ASSERT_EQ(result.report.vectors.size(), 1u);
  const PrepareReport::VectorReport& report = result.report.vectors[0];
  EXPECT_EQ(report.name, "item");
  EXPECT_EQ(report.tokens, 3);
  EXPECT_EQ(report.missing, 1);  // c, in one cell
  EXPECT_EQ(report.cells, 1);
  EXPECT_EQ(report.unused, 1);  // z
}

TEST_F(Vectors, RowsWithoutNamesAreInTheOrderOfIds) {
  const std::string tokens = write("t.npy", npy_matrix(3, 1, {7, 8, 9}));
  EXPECT_EQ(all(made("item=" + tokens).table), (std::vector<float>{0, 0, 7, 8, 9}));
  const std::string ids = write("i.npy", npy_matrix(5, 1, {5, 6, 7, 8, 9}));
  EXPECT_EQ(all(made("item=" + ids).table), (std::vector<float>{0, 0, 7, 8, 9}));
  const std::string other = write("o.npy", npy_matrix(4, 1, {6, 7, 8, 9}));
  EXPECT_EQ(refusal("item=" + other),
            "o.npy: 4 rows without names, but field 'item' has 3 tokens and 5 ids in all; name the "
            "rows' tokens (o.txt, a line each), or give one row for each in the order of ids");
}

TEST_F(Vectors, ListsTakeThemToo) {
  write("w.npy", npy_matrix(4, 1, {1, 2, 3, 4}));
  write("w.txt", "a\nb\nc\nx\n");
  const Made result = made("words=" + folder + "/w.npy", {{"list", "words"}});
  EXPECT_EQ(all(result.table), (std::vector<float>{0, 0, 2, 3, 1, 4}));  // b, c, a, x
  EXPECT_EQ(result.report.vectors[0].missing, 0);
}

// Ids that are given are their own tokens; there is no row for missing and unseen ones.
TEST_F(Vectors, GivenIdsTakeThem) {
  write("rows.csv", "item,label\n0,1\n2,0\n");
  const std::string schema = write("s.json", R"({"name": "x", "labels": ["label"], "fields": [
      {"name": "item", "vocabulary": 3, "encoding": {"ids": "given"}}]})");
  const std::string path = write("v.npy", npy_matrix(3, 1, {7, 8, 9}));
  EXPECT_EQ(all(made("item=" + path, {{"schema", schema}}).table), (std::vector<float>{7, 8, 9}));
  write("v.txt", "2\n0\n5\n");
  const Made named = made("item=" + path, {{"schema", schema}});
  EXPECT_EQ(all(named.table), (std::vector<float>{8, 0, 7}));
  EXPECT_EQ(named.report.vectors[0].missing, 1);
  EXPECT_EQ(named.report.vectors[0].cells, -1);
}

TEST_F(Vectors, OnlyFieldsWithTokensOfTheirOwnTakeThem) {
  const std::string path = write("v.npy", npy_matrix(3, 1, {7, 8, 9}));
  const std::string schema = write("s.json", R"({"name": "x", "labels": ["label"], "fields": [
      {"name": "item", "encoding": {"ids": "hash", "buckets": 4}},
      {"name": "words", "encoding": {"ids": "hash", "buckets": 4}, "shares": "item"}]})");
  EXPECT_EQ(refusal("item=" + path, {{"schema", schema}}),
            "--vectors: 'item' is hashed; vectors belong to tokens");
  EXPECT_EQ(refusal("words=" + path, {{"schema", schema}}),
            "--vectors: 'words' reads the table of 'item'; give the vectors to that one");
}

TEST_F(Vectors, TensorsByIds) {
  write("rows.csv", "item,label\n10,1\n7,0\n10,1\n");
  const std::string path = folder + "/v.safetensors";
  const Tensor matrix = Tensor::from<double>({2, 1}, std::vector<double>{0.5, 0.25});
  write_safetensors(
      path, {{"ids", Tensor::from<int64_t>({2}, std::vector<int64_t>{7, 10})}, {"vectors", matrix}},
      {});
  EXPECT_EQ(all(made("item=" + path).table), (std::vector<float>{0, 0, 0.25, 0.5}));
  write_safetensors(path, {{"any", matrix}}, {});  // the only one, in the order of ids
  EXPECT_EQ(all(made("item=" + path).table), (std::vector<float>{0, 0, 0.5, 0.25}));
  write_safetensors(path, {{"one", matrix}, {"two", matrix}}, {});
  EXPECT_EQ(refusal("item=" + path),
            "v.safetensors: which of its 2 tensors holds the vectors? call it 'vectors'");
  write_safetensors(
      path, {{"ids", Tensor::from<int64_t>({2}, std::vector<int64_t>{7, 7})}, {"vectors", matrix}},
      {});
  EXPECT_EQ(refusal("item=" + path),
            "v.safetensors: ids: '7' is named twice, first as row 0 (from 0)");
}

TEST_F(Vectors, RefusesWhatDoesNotFit) {
  const std::string path = write("v.npy", npy_matrix(2, 1, {1, 2}));
  write("v.txt", "a\nb\nc\n");
  EXPECT_EQ(refusal("item=" + path),
            "v.txt: names 3 rows, v.npy has 2; name each row's token, in their order");
  write("v.txt", "a\n\nb\n");
  EXPECT_EQ(refusal("item=" + path),
            "v.txt:2: expected a token, found an empty line; each line names a row");
  write("v.txt", "a\na\n");
  EXPECT_EQ(refusal("item=" + path), "v.txt:2: 'a' is named twice, first as row 0 (from 0)");
  write("v.txt", "y\nz\n");
  EXPECT_EQ(refusal("item=" + path),
            "prepare: none of the 3 tokens of field 'item' has a vector; are they named as the raw "
            "cells are?");
  write("n.npy", npy_matrix(3, 2, {1, 2, 3, NAN, 5, 6}));
  EXPECT_EQ(refusal("item=" + folder + "/n.npy"),
            "n.npy: row 1, column 1 (from 0): expected a finite number of at most 3.4e38 in size, "
            "found nan");
  EXPECT_EQ(refusal("itme=" + path), "data set '' has no field 'itme'; did you mean 'item'?");
  EXPECT_EQ(refusal("item"), "--vectors takes FIELD=FILE, got 'item'");
  EXPECT_EQ(refusal("item=" + write("v.csv", "1,2\n")),
            "--vectors: 'v.csv' ends in neither .npy nor .safetensors, which it must be");
  write("rows.csv", "item,price,label\na,1,1\n");
  EXPECT_EQ(refusal("price=" + path, {{"numeric", "price"}}),
            "--vectors: 'price' is a number; vectors belong to tokens");
}

}  // namespace
}  // namespace ctr
