// Text at its edges: compressed, short, long, in several files, with and without quotes and header.

#include <zlib.h>

#include "io/prepare/delimited.h"
#include "tests/io/raw_files.h"

namespace ctr {
namespace {

using Cells = std::vector<std::vector<std::string>>;

class Text : public RawFiles {
 protected:
  std::string write_gzip(const std::string& name, const std::string& text) const {
    const std::string path = folder + "/" + name;
    gzFile file = gzopen(path.c_str(), "wb");
    EXPECT_EQ(gzwrite(file, text.data(), static_cast<unsigned>(text.size())),
              static_cast<int>(text.size()));
    gzclose(file);
    return path;
  }

  static std::string all_of(const std::string& path) {
    TextReader reader(path);
    std::string text;
    while (reader.append(text)) {
    }
    return text;
  }

  // All rows of a source, cells copied.
  static Cells rows_of(RowSource& source, BadLines& bad) {
    Cells rows;
    RawChunk chunk;
    while (source.next(chunk, bad)) {
      for (size_t r = 0; r < static_cast<size_t>(chunk.rows); ++r) {
        rows.emplace_back();
        for (const auto& column : chunk.columns) rows.back().emplace_back(column[r]);
      }
    }
    return rows;
  }
  Cells rows(const std::string& text, DelimitedOptions options = {}) const {
    BadLines bad(BadLinePolicy::error);
    DelimitedSource source({{write("t.csv", text), Split::train}}, std::move(options));
    return rows_of(source, bad);
  }
  std::string refusal(const std::string& text) const {
    return message([&] { rows(text); });
  }
};

TEST_F(Text, ReadsPlainAndGzipFiles) {
  std::string text;
  for (int i = 0; i < 600000; ++i) text += std::to_string(i) + "\n";  // more than one piece
  EXPECT_EQ(all_of(write("a.txt", text)), text);
  const std::string packed = write_gzip("a.gz", text);
  EXPECT_EQ(all_of(packed), text);
  write("two.gz", read_text(packed) + read_text(packed));  // members one after the other
  EXPECT_EQ(all_of(folder + "/two.gz"), text + text);
  EXPECT_EQ(all_of(write("empty", "")), "");
}

TEST_F(Text, RefusesDamagedGzip) {
  const std::string packed = read_text(write_gzip("a.gz", std::string(100000, 'a') + "bcdefg"));
  const auto refusal_of = [&](const std::string& bytes) {
    return message([&] { all_of(write("b.gz", bytes)); });
  };
  EXPECT_EQ(refusal_of(packed), "no error");
  EXPECT_NE(refusal_of(packed.substr(0, packed.size() - 9)).find("b.gz: the gzip data is damaged"),
            std::string::npos);
  std::string changed = packed;
  changed[changed.size() - 6] ^= 1;  // the checksum
  EXPECT_NE(refusal_of(changed).find("b.gz: the gzip data is damaged"), std::string::npos);
  EXPECT_NE(message([&] { all_of(folder + "/none"); }).find("cannot open"), std::string::npos);
  EXPECT_NE(message([&] { all_of(folder); }).find("cannot read"), std::string::npos);
}

TEST_F(Text, SplitsRecordsByRfc4180) {
  const Cells expected{{"1", "x"}, {"2", ""}};
  EXPECT_EQ(rows("a,b\n1,x\n2,\n"), expected);
  EXPECT_EQ(rows("a,b\n1,x\n2,"), expected) << "the last record needs no end";
  EXPECT_EQ(rows("a,b\r\n1,x\r\n2,\r\n"), expected);
  EXPECT_EQ(rows("a,b\n1,x\n\n2,\n"), expected) << "blank lines are no rows";
  EXPECT_EQ(rows("\xEF\xBB\xBF"
                 "a,b\n1,x\n2,\n"),
            expected)
      << "byte order mark";
  EXPECT_EQ(rows("a,b\n\"1\",\"x\"\n2,\"\"\n"), expected);
  const Cells quotes{{"say \"hi\"", "one,two\nthree"}, {"\"", "4"}};
  EXPECT_EQ(rows("a,b\n\"say \"\"hi\"\"\",\"one,two\nthree\"\r\n\"\"\"\",4"), quotes);
  DelimitedOptions tabs;
  tabs.delimiter = '\t';
  tabs.quotes = false;
  EXPECT_EQ(rows("a\tb\n\"1\t2\n", tabs), (Cells{{"\"1", "2"}}));
  DelimitedOptions bare;
  bare.header = false;
  bare.names = {"a", "b"};
  EXPECT_EQ(rows("1,x\n2,\n", bare), expected);
}

// Files so short that their text would lie inside a std::string, and records longer than a piece.
TEST_F(Text, TakesShortFilesAndLongRecords) {
  EXPECT_EQ(rows("a,b\n1,2"), (Cells{{"1", "2"}}));
  const std::string huge(5 << 20, 'x');
  EXPECT_EQ(rows("a,b\n1," + huge + "\n2,y\n"), (Cells{{"1", huge}, {"2", "y"}}));
  EXPECT_EQ(rows("a,b\n1,\"" + huge + "\n" + huge + "\"\n2,y\n"),
            (Cells{{"1", huge + "\n" + huge}, {"2", "y"}}));
}

TEST_F(Text, ChunksJoinToTheWholeFileTwice) {
  std::string text = "a,b\n";
  Cells expected;
  for (int i = 0; i < 30000; ++i) {
    expected.push_back({std::to_string(i), std::to_string(7 * i)});
    text += expected.back()[0] + "," + expected.back()[1] + "\n";
  }
  BadLines bad(BadLinePolicy::error);
  DelimitedSource source({{write("a.csv", text), {}}, {write_gzip("b.csv.gz", text), {}}}, {});
  Cells twice = expected;
  twice.insert(twice.end(), expected.begin(), expected.end());
  EXPECT_TRUE(rows_of(source, bad) == twice);
  EXPECT_EQ(source.bytes_read(), source.bytes_total());
  source.rewind();
  EXPECT_TRUE(rows_of(source, bad) == twice);
}

TEST_F(Text, NamesThePlaceOfBadLines) {
  EXPECT_EQ(refusal("a,b\n1,2\n1,2,3\n"),
            "t.csv:3: expected 2 columns, found 3 (--on-bad-line skip leaves such lines out)");
  EXPECT_EQ(refusal("a,b\n\"1\n2\",3\n4\n").substr(0, 34), "t.csv:4: expected 2 columns, found")
      << "a quoted newline counts as a line";
  EXPECT_NE(refusal("a,b\n1,\"x\"y\n")
                .find("t.csv:2:6: expected a delimiter or the end of the line "
                      "after a closing quote, found 'y'"),
            std::string::npos);
  EXPECT_NE(refusal("a,b\n1,\"x\n2,3\n")
                .find("t.csv:2:3: expected a closing quote, found the end "
                      "of the file; double the quotes"),
            std::string::npos);
  EXPECT_NE(refusal(std::string("a,b\n1,x\0y\n", 10))
                .find("t.csv:2:4: expected text, found a zero "
                      "byte; is the file binary or UTF-16?"),
            std::string::npos);
  EXPECT_EQ(refusal(""), "t.csv: expected a header line, found an empty file");
  DelimitedOptions wanted;
  wanted.names = {"price"};
  EXPECT_EQ(message([&] { rows("a,prize\n", wanted); }),
            "t.csv:1: the header has no column 'price'; did you mean 'prize'?");
  EXPECT_NE(message([&] {
              DelimitedSource source(
                  {{write("a.csv", "a,b\n1,2\n"), {}}, {write("b.csv", "b,a\n1,2\n"), {}}}, {});
              BadLines bad(BadLinePolicy::error);
              rows_of(source, bad);
            }).find("b.csv:1: the header differs from that of a.csv: expected 'a,b', found 'b,a'"),
            std::string::npos);
}

}  // namespace
}  // namespace ctr
