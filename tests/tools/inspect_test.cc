// `inspect` and `datasets`: what they say of what is whole, damaged or something else.

#include "tools/inspect.h"

#include <gtest/gtest.h>

#include "io/file.h"
#include "io/safetensors.h"
#include "tests/tools/made_data.h"

namespace ctr {
namespace {

class Inspect : public MadeData {
 protected:
  Dataset set(const std::string& name) const {
    Schema schema;
    schema.name = name;
    schema.fields.resize(3);
    schema.fields[0] = {"user", FieldType::categorical, 9, FieldRole::user, true, "", 0, true};
    schema.fields[1] = {"price", FieldType::numeric};
    schema.fields[2] = {"tags", FieldType::multivalued, 5};
    return make(name, schema, {3, 0, 2}, [](Split, int64_t row, Columns& columns) {
      columns.fields[0].ids.push_back(static_cast<int32_t>(row + 2));
      columns.fields[1].numbers.push_back(static_cast<float>(row) / 2);
      for (int32_t k = 0; k < row; ++k) columns.fields[2].ids.push_back(k);
      columns.fields[2].offsets.push_back(static_cast<int64_t>(columns.fields[2].ids.size()));
      columns.labels[0].push_back(static_cast<float>(row % 2));
    });
  }
  static void expect_parts(const std::string& text, std::initializer_list<const char*> parts) {
    for (const char* part : parts)
      EXPECT_NE(text.find(part), std::string::npos) << part << "\nin\n" << text;
  }
  // Flips a bit in the last byte of rows.
  static void damage(const std::string& path) {
    std::string bytes = read_text(path);
    bytes[bytes.size() - 64] = static_cast<char>(bytes[bytes.size() - 64] ^ 1);
    write_text_atomically(path, bytes);
  }
};

TEST_F(Inspect, DataSets) {
  const Dataset data = set("small");
  expect_parts(inspect(data.path, {true, 3}),
               {"small: a prepared data set", "origin    made for a test",
                "train     3 rows in 1 blocks", "valid     0 rows",
                "field     user  categorical table of 9, role user, 0 is missing, 1 is out of "
                "vocabulary",
                "file      test.blocks", "verified  all checksums fit",
                "row 2     user=4 price=1 tags=[0,1] label=0\n"});
  expect_parts(inspect(data.path, {false, 9, 0, Split::test}),
               {"row 1     user=3 price=0.5 tags=[0]"});
  expect_parts(inspect(data.path, {false, 1, 0, Split::valid}), {"rows      none"});
  EXPECT_EQ(inspect(data.path, {}).find("verified"), std::string::npos);
}

TEST_F(Inspect, ShowsTheMostFrequentTokens) {
  const Dataset data = set("small");
  make_directories(data.path + "/vocabulary");
  write_text_atomically(data.vocabulary_path(data.schema.fields[0]), "ann\t9\nbob\t4\neve\t1\n");
  expect_parts(inspect(data.path, {false, 0, 2}), {"tokens    user: ann 9, bob 4, …\n"});
  expect_parts(inspect(data.path, {false, 0, 3}), {"tokens    user: ann 9, bob 4, eve 1\n"});
}

TEST_F(Inspect, FindsDamageOnRequest) {
  const std::string path = set("small").path;
  damage(path + "/train.blocks");
  expect_parts(inspect(path, {}), {"train     3 rows"});
  const std::string text = message([&] { inspect(path, {true}); });
  expect_parts(text, {"/small/train.blocks: block 0: its rows are damaged"});
}

TEST_F(Inspect, BlockFiles) {
  const std::string path = set("small").path;
  expect_parts(inspect(path + "/train.blocks", {true, 1}),
               {"rows of the data set small", "rows      3 in 1 blocks", "verified",
                "row 0     user=2 price=0 tags=[] label=0"});
  std::filesystem::copy_file(path + "/train.blocks", folder + "/alone");
  expect_parts(message([&] { inspect(folder + "/alone", {}); }),
               {"is a block file, which is read with the schema.json beside it; there is none"});
}

TEST_F(Inspect, Tensors) {
  const std::string path = folder + "/x.safetensors";
  write_safetensors(path, {{"a/weight", Tensor::zeros({2, 3}, DType::f32)}}, {{"made", "today"}});
  expect_parts(inspect(path, {true}), {"1 tensors, 6 values", "metadata  made = today",
                                       "tensor    a/weight f32 [2,3], 24 B", "verified"});
}

TEST_F(Inspect, RefusesWhatItDoesNotKnow) {
  write_text_atomically(folder + "/x.csv", "user,item\n");
  expect_parts(message([&] { inspect(folder + "/x.csv", {}); }),
               {"is no data set, run, block file or safetensors file", "`ctrengine prepare`"});
  expect_parts(message([&] { inspect(folder, {}); }),
               {"holds neither schema.json (a data set) nor config.json (a run)"});
  expect_parts(message([&] { inspect(folder + "/nothing", {}); }), {"cannot open"});
}

TEST_F(Inspect, ListsDataSets) {
  EXPECT_EQ(list_datasets(folder), "");
  EXPECT_EQ(list_datasets(folder + "/nothing"), "");
  set("first");
  set("second");
  std::filesystem::remove(folder + "/second/test.blocks");
  expect_parts(
      list_datasets(folder),
      {"/first\n  5 rows (train 3, valid 0, test 2), 3 fields, 1 domain\n  made for a test",
       "/second\n  cannot be opened: file: cannot open"});
}

}  // namespace
}  // namespace ctr
