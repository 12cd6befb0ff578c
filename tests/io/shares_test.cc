// Fields that share a vocabulary and a table: a history of items beside the item.

#include "io/schema_json.h"
#include "io/vocabulary.h"
#include "tests/io/raw_files.h"

namespace ctr {
namespace {

class Shares : public RawFiles {
 protected:
  Dataset prepared_by(const std::string& fields) {
    const std::string table = write("t.csv", "item,history,label\nx,z|x,1\ny,x,0\nx,,1\n");
    const std::string schema = write("s.json", R"({"name": "shared", "fields": [)" + fields + "]}");
    return prepared("csv", {table}, {{"schema", schema}, {"split", "1,0,0"}}).data;
  }
};

constexpr const char* kItem = R"({"name": "item", "role": "item"})";
constexpr const char* kHistory =
    R"({"name": "history", "type": "sequence", "max_length": 3, "shares": "item"})";

// x is met four times in both columns, y and z once: ids 2, 3, 4 behind missing and unseen ones.
TEST_F(Shares, OneVocabularyServesBothColumns) {
  const Dataset data = prepared_by(std::string(kItem) + "," + kHistory);
  EXPECT_EQ(data.schema.fields[1].shares, "item");
  EXPECT_EQ(data.schema.fields[0].vocabulary, 5);
  EXPECT_EQ(data.schema.fields[1].vocabulary, 5);
  EXPECT_EQ(ids(data, "item"), (std::vector<int32_t>{2, 3, 2}));
  EXPECT_EQ(ids(data, "history"), (std::vector<int32_t>{4, 2, 2}));
  for (const Field& field : data.schema.fields)
    EXPECT_EQ(Vocabulary::load(data.vocabulary_path(field), 2).token_of(4), "z");
}

TEST_F(Shares, WhatDoesNotFitIsRefused) {
  auto refused = [&](const std::string& fields, const std::string& part) {
    const std::string text = message([&] { prepared_by(fields); });
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  refused(std::string(kHistory) + "," + kItem, "which must stand before it");
  refused(R"({"name": "item"}, {"name": "history", "type": "sequence", "shares": "itm"})",
          "has no field 'itm'; did you mean 'item'?");
  refused(R"({"name": "item", "type": "numeric"}, )" + std::string(kHistory),
          "needs its vocabulary");
  refused(
      R"({"name": "item", "encoding": {"ids": "hash", "buckets": 9}}, )" + std::string(kHistory),
      "must make ids of tokens as it does");
}

}  // namespace
}  // namespace ctr
