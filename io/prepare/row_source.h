#pragma once
// Where raw rows come from: a converter's files, seen as a table of text that can be read twice.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/columns.h"
#include "io/prepare/bad_lines.h"

namespace ctr {

// Some rows of raw text, a column at a time: cell (row, column) is columns[column][row]. Cells lie
// in `text`, in `made`, or in memory that the source never changes: the next chunk is read while
// this one is in use.
struct RawChunk {
  static constexpr int64_t kRows = 8192;  // most rows of a chunk

  int64_t rows = 0;
  std::vector<std::vector<std::string_view>> columns;
  std::vector<Split> split;             // of each row
  std::vector<int32_t> file;            // of each row: its number in RowSource::files
  std::vector<int64_t> line;            // of each row, from 1
  std::vector<const char*> line_start;  // of each row: tells a cell's column; null: not known
  std::string text;
  std::string made;  // cells that the source put together

  // No rows of `count` columns.
  void clear(size_t count);
  // Takes one row out.
  void erase(size_t row);
};

class RowSource {
 public:
  virtual ~RowSource() = default;
  // Names of the columns, in the order of RawChunk::columns.
  virtual const std::vector<std::string>& columns() const = 0;
  virtual const std::vector<std::string>& files() const = 0;
  // Fills the chunk with the next rows; false when there are none. Lines that are no row at all go
  // to `bad`.
  virtual bool next(RawChunk& chunk, BadLines& bad) = 0;
  // Begins again: the same rows in the same order.
  virtual void rewind() = 0;
  // Of the raw files, for progress: compressed bytes where they are compressed.
  virtual int64_t bytes_read() const = 0;
  virtual int64_t bytes_total() const = 0;
};

// The place of a cell, or of the whole line when column < 0.
Place place_of(const RowSource& source, const RawChunk& chunk, int64_t row, int64_t column);

}  // namespace ctr
