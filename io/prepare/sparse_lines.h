#pragma once
// Lines of `label id:value …` (libsvm, libFM) or `label field:id:value …` (libFFM) as a table.

#include <memory>

#include "io/prepare/row_source.h"
#include "io/prepare/split_assignment.h"
#include "io/prepare/text_reader.h"

namespace ctr {

// A first look over all lines decides what the columns are. Without fields: when every line has the
// same number of entries, each position is a column, a number where its id never changes and its
// values are not all 1; else all ids are one list. With fields: a column for each field number, a
// list where a line names it more than once. Labels -1, 0 and 1; numbers must be finite.
class SparseLines : public RowSource {
 public:
  enum class Kind : uint8_t { category, list, number };

  // Throws kind data on a first look that makes no sense, such as values other than 1 at changing
  // ids. Bad lines are left to next().
  SparseLines(std::vector<InputFile> files, bool with_fields, const SplitShares& shares,
              uint64_t seed, const std::vector<std::string>& names);

  // Of each column after the label.
  const std::vector<Kind>& kinds() const { return kinds_; }

  const std::vector<std::string>& columns() const override { return columns_; }
  const std::vector<std::string>& files() const override { return paths_; }
  bool next(RawChunk& chunk, BadLines& bad) override;
  void rewind() override;
  int64_t bytes_read() const override;
  int64_t bytes_total() const override { return bytes_total_; }

 private:
  // One line, taken apart.
  struct Entry {
    int64_t field;  // the position without fields
    std::string_view id, value;
  };
  struct Line {
    std::string_view label;
    std::vector<Entry> entries;
    std::string expected;  // what was wrong at `wrong`; empty: nothing
    const char* wrong = nullptr;
  };
  void take_apart(std::string_view text, Line& line) const;
  void look();
  void settle_columns(const std::vector<std::string>& names);
  bool next_line(std::string_view& text);
  bool open_next_file();
  void add_row(RawChunk& chunk, const Line& line, const char* start);

  // What the first look saw of a column.
  struct Seen {
    std::string first_id;
    bool constant = true, ones = true, repeated = false;
  };

  std::vector<InputFile> inputs_;
  bool with_fields_;
  SplitShares shares_;
  uint64_t seed_;
  std::vector<std::string> columns_, paths_;
  std::vector<Kind> kinds_;
  std::vector<Seen> seen_;
  bool one_list_ = false;

  int64_t bytes_total_ = 0, bytes_before_ = 0;
  std::unique_ptr<TextReader> reader_;
  size_t file_ = 0;
  std::string text_;  // of the present file, from at_ on not yet taken
  size_t at_ = 0;
  bool at_end_ = false;
  int64_t line_ = 0;
  uint64_t row_ = 0;
};

}  // namespace ctr
