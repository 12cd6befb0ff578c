// Prepared data sets: what goes in comes out, and what is damaged is named.

#include "io/dataset.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <functional>

#include <gtest/gtest.h>

#include "engine/error.h"
#include "io/batch_loader.h"
#include "io/checksum.h"
#include "io/data_catalog.h"
#include "io/row_order.h"
#include "tests/message.h"

namespace ctr {
namespace {

Schema small_schema() {
  Schema schema;
  schema.name = "small";
  schema.domains = 3;
  schema.domain_names = {"a", "b", "c"};
  schema.fields.resize(4);
  schema.fields[0] = {"user", FieldType::categorical, 50, FieldRole::user, true, "", 0, true};
  schema.fields[1] = {"domain", FieldType::categorical, 3, FieldRole::domain};
  schema.fields[2] = {"tags", FieldType::multivalued, 9};
  schema.fields[3] = {"price", FieldType::numeric};
  schema.fields[3].encoding.numbers = NumberRule::standard;
  schema.fields[3].encoding.scale = 0.1 + 0.2;
  schema.labels = {"click", "buy"};
  return schema;
}

// Row r holds numbers that tell its r.
Columns rows(int64_t begin, int64_t end) {
  Columns columns = Columns::empty(small_schema());
  for (int64_t r = begin; r < end; ++r) {
    columns.fields[0].ids.push_back(static_cast<int32_t>(r % 50));
    columns.fields[1].ids.push_back(static_cast<int32_t>(r % 3));
    for (int64_t k = 0; k < r % 4; ++k)
      columns.fields[2].ids.push_back(static_cast<int32_t>((r + k) % 9));
    columns.fields[2].offsets.push_back(static_cast<int64_t>(columns.fields[2].ids.size()));
    columns.fields[3].numbers.push_back(static_cast<float>(r) / 8);
    columns.labels[0].push_back(static_cast<float>(r % 2));
    columns.labels[1].push_back(0.5f);
    ++columns.rows;
  }
  return columns;
}

class DataSets : public testing::Test {
 protected:
  std::string folder = testing::TempDir() + "/datasets-" + std::to_string(getpid());
  void SetUp() override { std::filesystem::create_directories(folder); }
  void TearDown() override { std::filesystem::remove_all(folder); }

  // A block file of 1000 rows in blocks of 128.
  std::string blocks() {
    std::string path = folder + "/x.blocks";
    BlockWriter writer(path, small_schema(), 128);
    writer.add(rows(0, 300));
    writer.add(rows(300, 1000));
    writer.commit();
    return path;
  }
  // The message when the bytes of that file are changed so.
  std::string refusal(const std::function<void(std::string&)>& change) {
    std::string bytes = read_text(blocks());
    change(bytes);
    write_text_atomically(folder + "/y.blocks", bytes);
    return message([&] {
      BlockFile file(folder + "/y.blocks", small_schema());
      for (int64_t b = 0; b < file.blocks(); ++b) file.block(b);
    });
  }
  Dataset written(int64_t train = 1000) {
    DatasetWriter writer(folder + "/set");
    writer.begin_rows(small_schema());
    writer.add(Split::train, rows(0, train));
    writer.add(Split::valid, rows(train, train + 100));
    writer.commit("made for a test", "a note", {{"best", 0.75}}, {});
    return read_dataset(folder + "/set");
  }
};

TEST_F(DataSets, BlocksGiveBackTheirRows) {
  BlockFile file(blocks(), small_schema());
  EXPECT_EQ(file.rows(), 1000);
  EXPECT_EQ(file.blocks(), 8);
  const Columns all = rows(0, 1000);
  for (int64_t r = 0; r < 1000; ++r) {
    const BlockView& block = file.block(r / 128);
    const auto at = static_cast<size_t>(r % 128);
    const auto row = static_cast<size_t>(r);
    ASSERT_EQ(block.ids(0)[at], all.fields[0].ids[row]);
    ASSERT_EQ(block.numbers(3)[at], all.fields[3].numbers[row]);
    ASSERT_EQ(block.labels(0)[at], all.labels[0][row]);
    const int64_t begin = block.offsets(2)[at], end = block.offsets(2)[at + 1];
    ASSERT_EQ(end - begin, r % 4);
    for (int64_t k = begin; k < end; ++k)
      ASSERT_EQ(block.ids(2)[static_cast<size_t>(k)], (r + k - begin) % 9);
  }
}

TEST_F(DataSets, DamagedBlocksAreNamed) {
  auto says = [&](const std::function<void(std::string&)>& change, const char* reason) {
    const std::string text = refusal(change);
    EXPECT_NE(text.find(reason), std::string::npos) << text;
    EXPECT_NE(text.find("y.blocks: block"), std::string::npos) << text;
  };
  says([](std::string& b) { b.resize(b.size() - 1); }, "the file was cut short");
  says([](std::string& b) { b.resize(b.size() + 30); }, "too few for a header");
  says([](std::string& b) { b[0] = 'X'; }, "this is no block file, or it is damaged");
  says([](std::string& b) { b[8] = 9; }, "has version 9, this program reads 1");
  says([](std::string& b) { b[16] ^= 1; }, "another schema");
  says([](std::string& b) { b[25] ^= 1; }, "its header is damaged");
  says([](std::string& b) { b[70] ^= 1; }, "its header is damaged");
  says([](std::string& b) { b[b.size() / 2] ^= 1; }, "its rows are damaged");
}

TEST_F(DataSets, EveryChangedByteIsSeen) {
  const std::string whole = read_text(blocks());
  for (size_t at = 0; at < whole.size(); at += 1009) {
    std::string bytes = whole;
    bytes[at] ^= 0x10;
    write_text_atomically(folder + "/y.blocks", bytes);
    EXPECT_NE(message([&] {
                BlockFile file(folder + "/y.blocks", small_schema());
                for (int64_t b = 0; b < file.blocks(); ++b) file.block(b);
              }),
              "accepted")
        << at;
  }
}

TEST_F(DataSets, AForgedBlockWithIdsTooLargeIsRefused) {
  Schema wide = small_schema();
  Columns wrong = rows(0, 10);
  wrong.fields[0].ids[7] = 50;
  BlockWriter writer(folder + "/z.blocks", wide);
  writer.add(wrong);
  writer.commit();
  EXPECT_NE(message([&] {
              BlockFile(folder + "/z.blocks", wide).block(0);
            }).find("block 0: field 'user' holds id 50, its table has 50 rows"),
            std::string::npos);
}

// A header whose checksums fit, but whose rows take no bytes at all: 4 · 2^62 is 0 in 64 bits.
TEST_F(DataSets, AForgedCountOfRowsIsRefused) {
  Schema schema;
  schema.name = "labels";
  BlockWriter writer(folder + "/z.blocks", schema);
  Columns one = Columns::empty(schema);
  one.labels[0] = {1};
  one.rows = 1;
  writer.add(one);
  writer.commit();
  std::string bytes = read_text(folder + "/z.blocks").substr(0, 128);
  auto put = [&](size_t at, uint64_t value) { std::memcpy(bytes.data() + at, &value, 8); };
  put(24, uint64_t{1} << 62);        // rows
  put(32, 0);                        // bytes of all parts
  put(40, checksum_of(nullptr, 0));  // and their checksum
  put(64, 0);                        // bytes of the only part
  put(56, checksum_of(bytes.substr(0, 56) + bytes.substr(64, 8)));
  write_text_atomically(folder + "/z.blocks", bytes);
  EXPECT_NE(message([&] {
              BlockFile(folder + "/z.blocks", schema);
            }).find("block 0: the sizes of its columns do not fit its rows"),
            std::string::npos);
}

TEST_F(DataSets, ASlashBehindTheNameIsNoPartOfIt) {
  DatasetWriter writer(folder + "/deep/set/");
  writer.begin_rows(small_schema());
  writer.add(Split::train, rows(0, 5));
  writer.commit("", "", {}, {});
  EXPECT_EQ(read_dataset(folder + "/deep/set").rows(Split::train), 5);
  EXPECT_EQ(message([&] { DatasetWriter(folder + "/deep/set/"); }),
            "'" + folder + "/deep/set/' exists already; remove it or choose another name");
}

TEST_F(DataSets, ASetComesBackAsItWas) {
  const Dataset data = written();
  EXPECT_EQ(data.schema, small_schema());
  EXPECT_EQ(data.note, "a note");
  EXPECT_EQ(data.facts.at("best"), 0.75);
  EXPECT_EQ(data.rows(Split::train), 1000);
  EXPECT_EQ(data.rows(Split::valid), 100);
  EXPECT_EQ(data.rows(Split::test), 0);
  EXPECT_NE(message([&] { DatasetWriter again(folder + "/set"); }).find("exists already"),
            std::string::npos);
}

TEST_F(DataSets, PartsThatDoNotBelongTogetherAreRefused) {
  written();
  std::filesystem::copy_file(folder + "/set/valid.blocks", folder + "/set/train.blocks",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_NE(message([&] {
              read_dataset(folder + "/set");
            }).find("train.blocks: holds 100 rows, schema.json counts 1000"),
            std::string::npos);
  const std::string path = folder + "/set/schema.json";
  std::string text = read_text(path);
  write_text_atomically(path, text.substr(0, text.size() / 2));
  EXPECT_NE(message([&] { read_dataset(folder + "/set"); }).find(": not JSON: "),
            std::string::npos);
  text.replace(text.find("\"type\""), 6, "\"tipe\"");
  write_text_atomically(path, text);
  EXPECT_NE(message([&] {
              read_dataset(folder + "/set");
            }).find("unknown key 'tipe'; did you mean 'type'?"),
            std::string::npos);
  EXPECT_NE(message([&] { read_dataset(folder + "/nothing"); }).find("it is no directory"),
            std::string::npos);
}

TEST_F(DataSets, SchemasThatContradictThemselvesAreRefused) {
  written();
  const std::string path = folder + "/set/schema.json";
  const std::string good = read_text(path);
  auto says = [&](const std::string& from, const std::string& to, const std::string& what) {
    std::string text = good;
    ASSERT_NE(text.find(from), std::string::npos) << from;
    write_text_atomically(path, text.replace(text.find(from), from.size(), to));
    EXPECT_NE(message([&] { read_dataset(folder + "/set"); }).find(what), std::string::npos)
        << message([&] { read_dataset(folder + "/set"); });
  };
  says("\"type\": \"numeric\"", "\"type\": \"numeric\", \"vocabulary\": 12",
       "'price' is numeric and has no vocabulary, found 12");
  says("\"type\": \"numeric\"", "\"type\": \"numeric\", \"max_length\": -1",
       "'price' has a max_length of -1");
  says("\"type\": \"numeric\"", "\"type\": \"numeric\", \"vector_width\": 8",
       "'price' needs both 'vectors' and 'vector_width', or neither");
  says("\"type\": \"numeric\"", "\"name\": \"cost\", \"type\": \"numeric\"",
       "schema.json: key 'name' stands twice in one object");
  says("\"domains\": 3", "\"domains\": 0", "'domains' must be at least 1, got 0");
}

TEST_F(DataSets, AnUnfinishedSetLeavesNothing) {
  {
    DatasetWriter writer(folder + "/set");
    writer.begin_rows(small_schema());
    writer.add(Split::train, rows(0, 10));
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder));
}

std::vector<int64_t> order_of(const Dataset& data, LoaderOptions options) {
  BatchLoader loader(data, Split::train, options);
  std::vector<int64_t> order;
  for (Batch batch; loader.next(batch);) {
    const std::span<const int64_t> row = batch.row.span<int64_t>();
    for (size_t b = 0; b < row.size(); ++b) {
      EXPECT_EQ(batch.fields[0].ids.span<int64_t>()[b], row[b] % 50);
      EXPECT_EQ(batch.domain.span<int64_t>()[b], row[b] % 3);
      EXPECT_EQ(batch.group.span<int64_t>()[b], row[b] % 50);
      EXPECT_EQ(batch.label.span<float>()[b], static_cast<float>(row[b] % 2));
    }
    order.insert(order.end(), row.begin(), row.end());
  }
  return order;
}

TEST_F(DataSets, BatchesDoNotDependOnTheWorkers) {
  const Dataset data = written();
  LoaderOptions options;
  options.batch_size = 64;
  options.shuffle = true;
  options.seed = 3;
  options.workers = 0;
  const std::vector<int64_t> expected = order_of(data, options);
  std::vector<int64_t> sorted = expected;
  std::sort(sorted.begin(), sorted.end());
  for (int64_t r = 0; r < 1000; ++r) ASSERT_EQ(sorted[static_cast<size_t>(r)], r);
  EXPECT_FALSE(std::is_sorted(expected.begin(), expected.end()));
  for (int64_t workers : {1, 3}) {
    options.workers = workers;
    EXPECT_EQ(order_of(data, options), expected);
  }
  options.first_batch = 5;
  EXPECT_EQ(order_of(data, options),
            std::vector<int64_t>(expected.begin() + 5 * 64, expected.end()));
  options.first_batch = 0;
  options.epoch = 1;
  EXPECT_NE(order_of(data, options), expected);
}

TEST_F(DataSets, AWorkerReportsADamagedBlock) {
  written();
  const std::string path = folder + "/set/train.blocks";
  std::string bytes = read_text(path);
  bytes[bytes.size() - 100] ^= 1;
  write_text_atomically(path, bytes);
  const Dataset data = read_dataset(folder + "/set");
  EXPECT_NE(
      message([&] { order_of(data, {}); }).find("train.blocks: block 0: its rows are damaged"),
      std::string::npos);
}

TEST(RowOrder, WindowsHoldWholeBlocks) {
  RowOrder order(1000, 100, {true, 1, 0, 300});
  std::vector<int64_t> rows = order.rows_at(0, 1000);
  for (int64_t window = 0; window < 3; ++window) {
    std::vector<int64_t> blocks;
    for (int64_t i = window * 300; i < (window + 1) * 300; ++i)
      blocks.push_back(rows[static_cast<size_t>(i)] / 100);
    std::sort(blocks.begin(), blocks.end());
    blocks.erase(std::unique(blocks.begin(), blocks.end()), blocks.end());
    EXPECT_EQ(blocks.size(), 3u);
  }
  EXPECT_EQ(order.rows_at(250, 710), std::vector<int64_t>(rows.begin() + 250, rows.begin() + 710));
  std::sort(rows.begin(), rows.end());
  for (int64_t r = 0; r < 1000; ++r) ASSERT_EQ(rows[static_cast<size_t>(r)], r);
}

TEST_F(DataSets, ADamagedCacheIsMadeAnew) {
  setenv("CTR_CACHE", folder.c_str(), 1);
  const std::string path = open_dataset("taobao").path;
  const std::string blocks = read_text(path + "/train.blocks");
  const std::string vectors = read_text(path + "/vectors.safetensors");
  for (const char* name : {"/train.blocks", "/vectors.safetensors"}) {
    std::string bytes = read_text(path + name);
    bytes[bytes.size() / 2] ^= 1;
    write_text_atomically(path + name, bytes);
    open_dataset("taobao");
    EXPECT_EQ(read_text(path + "/train.blocks"), blocks);
    EXPECT_EQ(read_text(path + "/vectors.safetensors"), vectors);
  }
  EXPECT_EQ(message([] { open_dataset("taobo"); }),
            "unknown data set 'taobo'; did you mean 'taobao'?");
}

}  // namespace
}  // namespace ctr
