#include "io/prepare/delimited.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "engine/check.h"
#include "engine/nearest.h"

namespace ctr {
namespace {

constexpr size_t kEnoughText = size_t{2} << 20;  // of a chunk
constexpr size_t kLongestRecord = size_t{64} << 20;

}  // namespace

DelimitedSource::DelimitedSource(std::vector<InputFile> files, DelimitedOptions options)
    : inputs_(std::move(files)),
      options_(std::move(options)),
      splitter_(options_.delimiter, options_.quotes) {
  CTR_CHECK(!inputs_.empty(), "prepare: name at least one input file");
  for (const InputFile& input : inputs_) {
    paths_.push_back(input.path);
    bytes_total_ += file_size(input.path);
  }
  if (!options_.header) columns_ = options_.names;
  rewind();
}

void DelimitedSource::rewind() {
  reader_.reset();
  file_ = 0;
  bytes_before_ = 0;
  rest_.clear();
  row_ = 0;
  open_next_file();
}

int64_t DelimitedSource::bytes_read() const {
  return bytes_before_ + (reader_ ? reader_->bytes_read() : 0);
}

bool DelimitedSource::open_next_file() {
  if (reader_) bytes_before_ += file_size(reader_->path());
  reader_.reset();
  if (file_ == inputs_.size()) return false;
  reader_ = std::make_unique<TextReader>(inputs_[file_].path);
  ++file_;
  rest_.clear();
  at_end_ = false;
  line_ = 1;
  if (options_.header) read_header();
  return true;
}

// The first file's header names the columns; those of the others must be the same.
void DelimitedSource::read_header() {
  const std::string& path = inputs_[file_ - 1].path;
  int64_t lines = 0;
  char* at = nullptr;
  while (true) {
    at = rest_.data();
    if (!rest_.empty()) {
      const auto result = splitter_.next(at, rest_.data() + rest_.size(), at_end_, cells_, lines);
      if (result == RecordSplitter::Result::record) break;
      CTR_CHECK_DATA(result == RecordSplitter::Result::incomplete,
                     "{}:1: the header's quotes do "
                     "not close",
                     path);
    }
    CTR_CHECK_DATA(!at_end_, "{}: expected a header line, found an empty file", path);
    at_end_ = !reader_->append(rest_);
  }
  if (cells_[0].starts_with("\xEF\xBB\xBF")) cells_[0].remove_prefix(3);  // a byte order mark
  std::vector<std::string> names(cells_.begin(), cells_.end());
  for (const std::string& wanted : options_.names) {
    CTR_CHECK_DATA(std::find(names.begin(), names.end(), wanted) != names.end(),
                   "{}:1: the header has no column '{}'{}", path, wanted,
                   advice_on_name(wanted, names));
  }
  if (columns_.empty()) columns_ = names;
  CTR_CHECK_DATA(columns_ == names,
                 "{}:1: the header differs from that of {}: expected '{}', "
                 "found '{}'",
                 path, paths_[0], fmt::join(columns_, ","), fmt::join(names, ","));
  rest_.erase(0, static_cast<size_t>(at - rest_.data()));
  line_ += lines;
}

bool DelimitedSource::next(RawChunk& chunk, BadLines& bad) {
  chunk.clear(columns_.size());
  while (reader_) {
    // More at least once: what is left may be the start of one long record.
    if (!at_end_ && rest_.size() >= kEnoughText) at_end_ = !reader_->append(rest_);
    while (!at_end_ && rest_.size() < kEnoughText) at_end_ = !reader_->append(rest_);
    chunk.text = std::move(rest_);
    rest_.clear();
    parse(chunk, bad);
    if (at_end_ && rest_.empty()) {
      if (chunk.rows > 0) {
        open_next_file();
        return true;
      }
      open_next_file();
    } else if (chunk.rows > 0) {
      return true;
    }
  }
  return chunk.rows > 0;
}

// Splits chunk.text until the chunk is full; what is left goes back to rest_.
void DelimitedSource::parse(RawChunk& chunk, BadLines& bad) {
  char* at = chunk.text.data();
  char* const end = at + chunk.text.size();
  const bool zeros = std::memchr(at, 0, chunk.text.size()) != nullptr;
  while (at < end && chunk.rows < RawChunk::kRows) {
    char* const start = at;
    const int64_t line = line_;
    const auto result = splitter_.next(at, end, at_end_, cells_, line_);
    if (result == RecordSplitter::Result::incomplete) break;
    const Place place{paths_[file_ - 1], line, at - start + 1};
    if (result == RecordSplitter::Result::bad_quote) {
      const std::string_view found(at, static_cast<size_t>(end - at));
      const bool open = found.starts_with('"');  // its own quote: it is never closed
      bad.report(
          place,
          open ? "a closing quote" : "a delimiter or the end of the line after a closing quote",
          open ? "the end of the file" : quoted(found.substr(0, found.find('\n'))),
          "double the quotes inside a quoted cell");
      at = start;
      RecordSplitter::skip_line(at, end);
      ++line_;
      continue;
    }
    if (zeros) {
      if (const void* zero = std::memchr(start, 0, static_cast<size_t>(at - start))) {
        bad.report({paths_[file_ - 1], line, static_cast<const char*>(zero) - start + 1}, "text",
                   "a zero byte", "is the file binary or UTF-16?");
        continue;
      }
    }
    add_row(chunk, start, line, bad);
  }
  rest_.assign(at, static_cast<size_t>(end - at));
  CTR_CHECK_DATA(rest_.size() < kLongestRecord,
                 "{}:{}: a record is longer than {} MB; is a quote "
                 "not closed?",
                 paths_[file_ - 1], line_, kLongestRecord >> 20);
}

void DelimitedSource::add_row(RawChunk& chunk, const char* start, int64_t line, BadLines& bad) {
  const uint64_t number = row_++;
  if (cells_.size() == 1 && cells_[0].empty() && columns_.size() > 1) return;  // a blank line
  if (options_.comment != 0 && cells_[0].starts_with(options_.comment)) return;
  if (cells_.size() != columns_.size()) {
    bad.report({paths_[file_ - 1], line, 0}, fmt::format("{} columns", columns_.size()),
               fmt::format("{}", cells_.size()));
    return;
  }
  for (size_t c = 0; c < cells_.size(); ++c) chunk.columns[c].push_back(cells_[c]);
  const InputFile& input = inputs_[file_ - 1];
  chunk.split.push_back(input.split ? *input.split : options_.shares.of(number, options_.seed));
  chunk.file.push_back(static_cast<int32_t>(file_) - 1);
  chunk.line.push_back(line);
  chunk.line_start.push_back(start);
  ++chunk.rows;
}

}  // namespace ctr
