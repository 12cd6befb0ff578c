#pragma once
// Delimited text (CSV, TSV) as a RowSource.

#include <memory>

#include "io/prepare/row_source.h"
#include "io/prepare/split_assignment.h"
#include "io/prepare/text_reader.h"

namespace ctr {

struct DelimitedOptions {
  char delimiter = ',';
  bool quotes = true;              // RFC 4180: "a ""quoted"" cell", with delimiters and newlines
  bool header = true;              // the first line of each file names the columns
  std::vector<std::string> names;  // without a header; with one: those that must be there
  char comment = 0;                // lines that begin with it are passed over; 0: none
  SplitShares shares;              // of files that name no split
  uint64_t seed = 123;
};

// Splits the records at the start of `text` into cells. RFC 4180 but for: CR LF and LF both end a
// record, and the last record needs no end.
class RecordSplitter {
 public:
  RecordSplitter(char delimiter, bool quotes) : delimiter_(delimiter), quotes_(quotes) {}

  enum class Result : uint8_t { record, incomplete, bad_quote };
  // Reads the record at `at`, in place: doubled quotes inside a quoted cell are made single. On
  // `record`, `at` stands behind it and `lines` grew by the lines that it took. `incomplete`: the
  // text ends within it (never when `last`). `bad_quote`: `at` stands on the character that follows
  // a closing quote but ends no cell, and the record's line is skipped by skip_line().
  Result next(char*& at, char* end, bool last, std::vector<std::string_view>& cells,
              int64_t& lines) const;
  static void skip_line(char*& at, char* end);

 private:
  Result quoted_cell(char*& at, char* end, bool last, std::string_view& cell, bool& doubled) const;

  char delimiter_;
  bool quotes_;
};

class DelimitedSource : public RowSource {
 public:
  DelimitedSource(std::vector<InputFile> files, DelimitedOptions options);

  const std::vector<std::string>& columns() const override { return columns_; }
  const std::vector<std::string>& files() const override { return paths_; }
  bool next(RawChunk& chunk, BadLines& bad) override;
  void rewind() override;
  int64_t bytes_read() const override;
  int64_t bytes_total() const override { return bytes_total_; }

 private:
  bool open_next_file();
  void read_header();
  void parse(RawChunk& chunk, BadLines& bad);
  void add_row(RawChunk& chunk, const char* start, int64_t line, BadLines& bad);

  std::vector<InputFile> inputs_;
  DelimitedOptions options_;
  RecordSplitter splitter_;
  std::vector<std::string> columns_, paths_;
  int64_t bytes_total_ = 0;

  std::unique_ptr<TextReader> reader_;
  size_t file_ = 0;           // the next to open
  int64_t bytes_before_ = 0;  // of the files before the present one
  std::string rest_;          // text not yet split
  bool at_end_ = false;       // of the present file
  int64_t line_ = 1;          // of the start of rest_
  uint64_t row_ = 0;          // over all files
  std::vector<std::string_view> cells_;
};

}  // namespace ctr
