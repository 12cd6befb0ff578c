#include "io/prepare/sparse_lines.h"

#include <utility>

#include "engine/check.h"
#include "io/prepare/numbers.h"

namespace ctr {
namespace {

constexpr int64_t kMostFields = 100'000;

// The next word; `text` stands behind it.
std::string_view word_of(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  size_t stop = text.find_first_of(" \t");
  std::string_view word = text.substr(0, stop);
  text.remove_prefix(word.size());
  return word;
}

}  // namespace

SparseLines::SparseLines(std::vector<InputFile> files, bool with_fields, const SplitShares& shares,
                         uint64_t seed, const std::vector<std::string>& names)
    : inputs_(std::move(files)), with_fields_(with_fields), shares_(shares), seed_(seed) {
  CTR_CHECK(!inputs_.empty(), "prepare: name at least one input file");
  for (const InputFile& input : inputs_) {
    paths_.push_back(input.path);
    bytes_total_ += file_size(input.path);
  }
  look();
  settle_columns(names);
  rewind();
}

void SparseLines::rewind() {
  reader_.reset();
  file_ = 0;
  bytes_before_ = 0;
  row_ = 0;
  open_next_file();
}

int64_t SparseLines::bytes_read() const {
  return bytes_before_ + (reader_ ? reader_->bytes_read() : 0);
}

bool SparseLines::open_next_file() {
  if (reader_) bytes_before_ += file_size(reader_->path());
  reader_.reset();
  text_.clear();
  at_ = 0;
  line_ = 0;
  at_end_ = false;
  if (file_ == inputs_.size()) return false;
  reader_ = std::make_unique<TextReader>(inputs_[file_++].path);
  return true;
}

// The next line of the present file; its text stays until text_ is refilled.
bool SparseLines::next_line(std::string_view& text) {
  size_t stop = text_.find('\n', at_);
  while (stop == std::string::npos && !at_end_) {
    text_.erase(0, at_);
    at_ = 0;
    const size_t from = text_.size();
    at_end_ = !reader_->append(text_);
    stop = text_.find('\n', from);
  }
  if (stop == std::string::npos) stop = text_.size();
  if (at_ >= text_.size()) return false;
  text = std::string_view(text_).substr(at_, stop - at_);
  if (text.ends_with('\r')) text.remove_suffix(1);
  at_ = stop + 1;
  ++line_;
  return true;
}

void SparseLines::take_apart(std::string_view text, Line& line) const {
  line.entries.clear();
  line.expected.clear();
  auto wrong = [&](const char* at, std::string expected) {
    if (line.wrong == nullptr || line.expected.empty()) {
      line.wrong = at;
      line.expected = std::move(expected);
    }
  };
  line.label = word_of(text);
  if (line.label != "1" && line.label != "0" && line.label != "-1" && line.label != "+1")
    wrong(line.label.data(), "a label -1, 0 or 1");
  for (std::string_view word = word_of(text); !word.empty(); word = word_of(text)) {
    Entry entry{static_cast<int64_t>(line.entries.size()), {}, "1"};
    std::string_view rest = word;
    const size_t colon = rest.find(':');
    if (with_fields_) {
      if (colon == std::string_view::npos || !parse_whole(rest.substr(0, colon), entry.field) ||
          entry.field < 0 || entry.field >= kMostFields) {
        wrong(word.data(), fmt::format("field:id:value with a field below {}", kMostFields));
        continue;
      }
      rest.remove_prefix(colon + 1);
    }
    const size_t next = rest.find(':');
    entry.id = rest.substr(0, next);
    if (next != std::string_view::npos) entry.value = rest.substr(next + 1);
    double value = 0;
    if (entry.id.empty() || next == std::string_view::npos || !parse_finite(entry.value, value)) {
      wrong(word.data(),
            with_fields_ ? "field:id:value with a finite value" : "id:value with a finite value");
      continue;
    }
    line.entries.push_back(entry);
  }
}

void SparseLines::look() {
  rewind();
  std::string_view text;
  Line line;
  int64_t width = -1;
  while (reader_) {
    while (next_line(text)) {
      take_apart(text, line);
      if (!line.expected.empty() || text.empty()) continue;
      const auto count = static_cast<int64_t>(line.entries.size());
      one_list_ = one_list_ || (!with_fields_ && width >= 0 && width != count);
      width = count;
      std::vector<char> met(seen_.size());
      for (const Entry& entry : line.entries) {
        const auto column = static_cast<size_t>(entry.field);
        if (column >= seen_.size()) seen_.resize(column + 1);
        if (column >= met.size()) met.resize(column + 1);
        Seen& seen = seen_[column];
        if (seen.first_id.empty()) seen.first_id = entry.id;
        seen.constant = seen.constant && entry.id == seen.first_id;
        double value = 0;
        parse_finite(entry.value, value);
        seen.ones = seen.ones && value == 1;
        seen.repeated = seen.repeated || met[column] != 0;
        met[column] = 1;
      }
    }
    open_next_file();
  }
}

void SparseLines::settle_columns(const std::vector<std::string>& names) {
  columns_ = {"label"};
  if (one_list_) {
    for (const Seen& seen : seen_) {
      CTR_CHECK_DATA(seen.ones,
                     "{}: lines of different lengths whose values are not all 1 are not "
                     "supported; give every line the same entries, or libffm fields",
                     paths_[0]);
    }
    seen_.resize(1);
  }
  CTR_CHECK(names.empty() || names.size() == seen_.size(),
            "prepare: {} fields are named, the lines have {}{}", names.size(), seen_.size(),
            one_list_ ? " (they differ in length)" : "");
  for (size_t c = 0; c < seen_.size(); ++c) {
    const Seen& seen = seen_[c];
    columns_.push_back(names.empty() ? one_list_ ? std::string("features")
                                                 : fmt::format("f{}", c + (with_fields_ ? 0 : 1))
                                     : names[c]);
    CTR_CHECK_DATA(one_list_ || seen.ones || seen.constant,
                   "{}: column {} has values other than 1 at changing ids; weighted categories are "
                   "not supported",
                   paths_[0], columns_.back());
    kinds_.push_back(one_list_ || seen.repeated ? Kind::list
                     : seen.ones                ? Kind::category
                                                : Kind::number);
  }
}

bool SparseLines::next(RawChunk& chunk, BadLines& bad) {
  constexpr size_t kMostLine = size_t{2} << 20;
  chunk.clear(columns_.size());
  chunk.text.clear();
  chunk.text.reserve(4 * kMostLine);  // never reallocated: cells point into it
  std::string_view text;
  Line line;
  while (reader_ && chunk.rows < RawChunk::kRows && chunk.text.size() < kMostLine) {
    if (!next_line(text)) {
      if (chunk.rows > 0) {
        open_next_file();
        return true;
      }
      open_next_file();
      continue;
    }
    if (text.empty()) continue;
    const Place place{paths_[file_ - 1], line_, 0};
    if (text.size() > kMostLine) {
      bad.report(place, "a line of at most 2 MB", fmt::format("{} bytes", text.size()));
      continue;
    }
    const size_t begin = chunk.text.size();
    chunk.text += text;
    const char* start = chunk.text.data() + begin;
    line.wrong = nullptr;
    take_apart({start, text.size()}, line);
    if (!line.expected.empty()) {
      std::string_view found(line.wrong, static_cast<size_t>(start + text.size() - line.wrong));
      found = word_of(found);
      bad.report({place.file, place.line, line.wrong - start + 1}, line.expected, quoted(found));
      ++row_;
      continue;
    }
    add_row(chunk, line, start);
  }
  return chunk.rows > 0;
}

void SparseLines::add_row(RawChunk& chunk, const Line& line, const char* start) {
  chunk.columns[0].push_back(line.label == "1" || line.label == "+1" ? "1" : "0");
  for (size_t c = 0; c < kinds_.size(); ++c) chunk.columns[c + 1].emplace_back();
  for (const Entry& entry : line.entries) {
    const size_t c = one_list_ ? 0 : static_cast<size_t>(entry.field);
    if (kinds_[c] == Kind::list) continue;
    chunk.columns[c + 1].back() = kinds_[c] == Kind::number ? entry.value : entry.id;
  }
  for (size_t c = 0; c < kinds_.size(); ++c) {
    if (kinds_[c] != Kind::list) continue;
    const size_t begin = chunk.text.size();  // joined behind the line, no longer than it
    for (const Entry& entry : line.entries) {
      if (!one_list_ && entry.field != static_cast<int64_t>(c)) continue;
      if (chunk.text.size() > begin) chunk.text += '|';
      chunk.text += entry.id;
    }
    chunk.columns[c + 1].back() = std::string_view(chunk.text).substr(begin);
  }
  const uint64_t number = row_++;
  const InputFile& input = inputs_[file_ - 1];
  chunk.split.push_back(input.split ? *input.split : shares_.of(number, seed_));
  chunk.file.push_back(static_cast<int32_t>(file_) - 1);
  chunk.line.push_back(line_);
  chunk.line_start.push_back(start);
  ++chunk.rows;
}

}  // namespace ctr
