// Delimited text and lines of sparse entries: what is read, and where what is wrong stands.

#include "io/prepare/delimited.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "io/prepare/sparse_lines.h"
#include "tests/io/raw_table.h"

namespace ctr {
namespace {

using Row = std::vector<std::string>;

std::vector<Row> rows_of(RowSource& source, BadLines& bad, std::vector<int64_t>* lines = nullptr) {
  std::vector<Row> rows;
  RawChunk chunk;
  while (source.next(chunk, bad)) {
    for (size_t r = 0; r < static_cast<size_t>(chunk.rows); ++r) {
      Row row;
      for (const auto& column : chunk.columns) row.emplace_back(column[r]);
      rows.push_back(row);
      if (lines != nullptr) lines->push_back(chunk.line[r]);
    }
  }
  return rows;
}

std::vector<Row> read(const std::string& path, const DelimitedOptions& options = {}) {
  DelimitedSource source({{path, std::nullopt}}, options);
  BadLines bad(BadLinePolicy::error);
  return rows_of(source, bad);
}

TEST(Delimited, ReadsQuotesNewlinesAndEndings) {
  const Folder folder("delimited");
  folder.write("a.csv",
               "\xEF\xBB\xBF"
               "name,text\r\n"
               "a,plain\r\n"
               "b,\"with, comma\"\n"
               "\"c\",\"a \"\"quoted\"\" word\"\n"
               "d,\"two\nlines\"\n"
               "\n"
               "e,");
  DelimitedSource source({{folder.path() + "/a.csv", std::nullopt}}, {});
  EXPECT_EQ(source.columns(), (Row{"name", "text"}));
  BadLines bad(BadLinePolicy::error);
  std::vector<int64_t> lines;
  const std::vector<Row> expected{{"a", "plain"},
                                  {"b", "with, comma"},
                                  {"c", "a \"quoted\" word"},
                                  {"d", "two\nlines"},
                                  {"e", ""}};
  EXPECT_EQ(rows_of(source, bad, &lines), expected);
  EXPECT_EQ(lines, (std::vector<int64_t>{2, 3, 4, 5, 8}));
  source.rewind();
  EXPECT_EQ(rows_of(source, bad), expected);
}

// Rows far beyond one piece of text, with quotes at every place of a piece's end.
TEST(Delimited, PiecesDoNotShow) {
  const Folder folder("pieces");
  std::string text = "a,b\n";
  constexpr int kRows = 120000;
  for (int i = 0; i < kRows; ++i)
    text +=
        fmt::format("{},\"x\"\"{}\n{}\"\n", i, std::string(static_cast<size_t>(i % 53), 'y'), i);
  ASSERT_GT(text.size(), size_t{4} << 20);
  folder.write("a.csv", text);
  const std::string zipped = folder.path() + "/a.csv.gz";
  gzFile file = gzopen(zipped.c_str(), "wb");
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  const std::vector<Row> plain = read(folder.path() + "/a.csv");
  ASSERT_EQ(plain.size(), static_cast<size_t>(kRows));
  for (int i = 0; i < kRows; ++i) {
    ASSERT_EQ(plain[static_cast<size_t>(i)],
              (Row{std::to_string(i),
                   fmt::format("x\"{}\n{}", std::string(static_cast<size_t>(i % 53), 'y'), i)}));
  }
  EXPECT_EQ(read(zipped), plain);
}

TEST(Delimited, SaysWhereAndWhat) {
  const Folder folder("wrong");
  const std::string path = folder.path() + "/a.csv";
  auto message = [&](const std::string& text, const DelimitedOptions& options = {}) {
    folder.write("a.csv", text);
    return error_of([&] { read(path, options); });
  };
  const std::string skip = " (--on-bad-line skip leaves such lines out)";
  EXPECT_EQ(message("a,b\n1,2\n3\n"), path + ":3: expected 2 columns, found 1" + skip);
  EXPECT_EQ(message("a,b\n1,\"x\"y\n"),
            path +
                ":2:6: expected a delimiter or the end of the line after a closing quote, found "
                "'y'; double the quotes inside a quoted cell" +
                skip);
  EXPECT_EQ(message(std::string("a,b\n1,x\0\n", 9)),
            path + ":2:4: expected text, found a zero byte; is the file binary or UTF-16?" + skip);
  EXPECT_EQ(message(""), path + ": expected a header line, found an empty file");
  DelimitedOptions wants;
  wants.names = {"bb"};
  EXPECT_EQ(message("a,b\n", wants), path + ":1: the header has no column 'bb'; did you mean 'b'?");
  EXPECT_NE(error_of([&] { read(folder.path() + "/none.csv"); }).find("cannot open"),
            std::string::npos);
}

TEST(Delimited, SkipsAndCountsBadLines) {
  const Folder folder("skip");
  folder.write("a.csv", "a,b\n1,2\n3\n4,\"x\"y\n5,6\n");
  DelimitedSource source({{folder.path() + "/a.csv", std::nullopt}}, {});
  BadLines bad(BadLinePolicy::skip);
  EXPECT_EQ(rows_of(source, bad), (std::vector<Row>{{"1", "2"}, {"5", "6"}}));
  EXPECT_EQ(bad.count(), 2);
  EXPECT_EQ(bad.examples().size(), 2u);
}

TEST(Delimited, ADamagedGzipIsRefused) {
  const Folder folder("gzip");
  const std::string path = folder.path() + "/a.csv.gz";
  gzFile file = gzopen(path.c_str(), "wb");
  const std::string text = "a,b\n" + std::string(100000, '1') + ",2\n";
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  const std::string bytes = read_text(path);
  folder.write("a.csv.gz", bytes.substr(0, bytes.size() - 20));
  EXPECT_NE(error_of([&] { read(path); }).find("damaged or was cut short"), std::string::npos);
}

std::vector<Row> read_sparse(const std::string& path, bool fields, BadLines& bad,
                             std::vector<SparseLines::Kind>* kinds = nullptr) {
  SparseLines source({{path, std::nullopt}}, fields, {1, 0, 0}, 1, {});
  if (kinds != nullptr) *kinds = source.kinds();
  return rows_of(source, bad);
}

TEST(SparseLines, PositionsFieldsAndListsBecomeColumns) {
  const Folder folder("sparse");
  BadLines bad(BadLinePolicy::error);
  std::vector<SparseLines::Kind> kinds;
  using Kind = SparseLines::Kind;
  folder.write("a", "1 1:0.5 10:1 20:1\n-1 1:2 11:1 20:1\n");
  EXPECT_EQ(read_sparse(folder.path() + "/a", false, bad, &kinds),
            (std::vector<Row>{{"1", "0.5", "10", "20"}, {"0", "2", "11", "20"}}));
  EXPECT_EQ(kinds, (std::vector<Kind>{Kind::number, Kind::category, Kind::category}));
  folder.write("b", "1 5:1 7:1\n0 9:1\n");
  EXPECT_EQ(read_sparse(folder.path() + "/b", false, bad, &kinds),
            (std::vector<Row>{{"1", "5|7"}, {"0", "9"}}));
  EXPECT_EQ(kinds, (std::vector<Kind>{Kind::list}));
  folder.write("c", "1 0:3:1 1:4:1 1:5:1\n0 0:6:1\n");
  EXPECT_EQ(read_sparse(folder.path() + "/c", true, bad, &kinds),
            (std::vector<Row>{{"1", "3", "4|5"}, {"0", "6", ""}}));
  EXPECT_EQ(kinds, (std::vector<Kind>{Kind::category, Kind::list}));
}

TEST(SparseLines, SayWhereAndWhat) {
  const Folder folder("sparse_wrong");
  const std::string path = folder.path() + "/a";
  auto message = [&](const std::string& text, bool fields = false) {
    folder.write("a", text);
    BadLines bad(BadLinePolicy::error);
    return error_of([&] { read_sparse(path, fields, bad); });
  };
  const std::string skip = " (--on-bad-line skip leaves such lines out)";
  EXPECT_EQ(message("1 1:1\n2 1:1\n"),
            path + ":2:1: expected a label -1, 0 or 1, found '2'" + skip);
  EXPECT_EQ(message("1 1:1 7\n"),
            path + ":1:7: expected id:value with a finite value, found '7'" + skip);
  EXPECT_EQ(message("1 1:nan\n"),
            path + ":1:3: expected id:value with a finite value, found '1:nan'" + skip);
  EXPECT_EQ(message("1 x:1:1\n", true),
            path + ":1:3: expected field:id:value with a field below 100000, found 'x:1:1'" + skip);
  EXPECT_NE(message("1 1:1 5:0.5\n1 1:1 6:0.7\n").find("column f2 has values other than 1"),
            std::string::npos);
}

TEST(Splits, FilesAndSharesDecide) {
  const std::vector<InputFile> files = input_files({"train=a", "test=b=c"});
  EXPECT_EQ(files[0].split, Split::train);
  EXPECT_EQ(files[1].path, "b=c");
  EXPECT_EQ(error_of([] { input_files({"tran=a"}); }),
            "prepare: 'tran=a' begins with no split; did you mean 'train'?");
  EXPECT_NE(error_of([] {
              input_files({"train=a", "b"});
            }).find("of every file"),
            std::string::npos);
  const SplitShares shares = split_shares("8:1:1");
  int64_t count[3] = {0, 0, 0};
  for (uint64_t row = 0; row < 10000; ++row) ++count[static_cast<size_t>(shares.of(row, 1))];
  EXPECT_NEAR(static_cast<double>(count[0]), 8000, 150);
  EXPECT_NEAR(static_cast<double>(count[1]), 1000, 100);
  EXPECT_NE(error_of([] { split_shares("0.5,0.5"); }).find("got '0.5,0.5'"), std::string::npos);
}

}  // namespace
}  // namespace ctr
