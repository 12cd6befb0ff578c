#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "io/prepare/delimited.h"

namespace ctr {
namespace {

char* find(char* at, char* end, char c) {
  auto* found = static_cast<char*>(std::memchr(at, c, static_cast<size_t>(end - at)));
  return found == nullptr ? end : found;
}

// The high bit of each byte of `word` that is zero (Warren, Hacker's Delight, 6-1: no carries).
uint64_t zero_bytes(uint64_t word) {
  constexpr uint64_t kLow = 0x7f7f7f7f7f7f7f7f;
  return ~(((word & kLow) + kLow) | word | kLow);
}

// Cuts [begin, end) at each delimiter. Cells are a few bytes long: eight at a time are searched for
// all of their delimiters, without a call for each cell.
void cut(const char* begin, const char* end, char delimiter, std::vector<std::string_view>& cells) {
  const uint64_t pattern = 0x0101010101010101 * static_cast<unsigned char>(delimiter);
  const char* cell = begin;
  const auto take = [&](const char* stop) {
    cells.emplace_back(cell, static_cast<size_t>(stop - cell));
    cell = stop + 1;
  };
  const char* at = begin;
  for (; end - at >= 8; at += 8) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    for (uint64_t found = zero_bytes(word ^ pattern); found != 0; found &= found - 1)
      take(at + std::countr_zero(found) / 8);
  }
  for (; at < end; ++at) {
    if (*at == delimiter) take(at);
  }
  take(end);
}

// Makes each doubled quote single, in place.
std::string_view single_quotes(std::string_view cell) {
  char* const begin = const_cast<char*>(cell.data());  // within the caller's own buffer
  char* to = begin;
  for (size_t i = 0; i < cell.size(); ++i) {
    *to++ = cell[i];
    if (cell[i] == '"') ++i;
  }
  return {begin, static_cast<size_t>(to - begin)};
}

}  // namespace

RecordSplitter::Result RecordSplitter::next(char*& at, char* end, bool last,
                                            std::vector<std::string_view>& cells,
                                            int64_t& lines) const {
  cells.clear();
  char* const begin = at;
  char* newline = find(at, end, '\n');
  if (newline == end && !last) return Result::incomplete;
  const bool plain =
      !quotes_ || std::memchr(begin, '"', static_cast<size_t>(newline - begin)) == nullptr;
  if (plain) {
    char* stop = newline > begin && newline[-1] == '\r' ? newline - 1 : newline;
    cut(begin, stop, delimiter_, cells);
    at = newline == end ? end : newline + 1;
    ++lines;
    return Result::record;
  }
  int64_t taken = 0;
  std::vector<size_t> doubled;  // cells that hold doubled quotes: changed when the record is whole
  for (char* cell = begin;;) {
    std::string_view value;
    if (cell < end && *cell == '"') {
      bool any = false;
      const Result result = quoted_cell(cell, end, last, value, any);
      taken += std::count(value.begin(), value.end(), '\n');
      if (any) doubled.push_back(cells.size());
      if (result != Result::record) {
        if (result == Result::bad_quote) at = cell;
        return result;
      }
    } else {
      char* stop = cell;
      while (stop < end && *stop != delimiter_ && *stop != '\n') ++stop;
      if (stop == end && !last) return Result::incomplete;
      value = {cell, static_cast<size_t>(stop - cell)};
      if ((stop == end || *stop == '\n') && value.ends_with('\r')) value.remove_suffix(1);
      cell = stop;
    }
    cells.push_back(value);
    if (cell == end || *cell == '\n') {
      at = cell == end ? end : cell + 1;
      lines += taken + 1;
      for (size_t index : doubled) cells[index] = single_quotes(cells[index]);
      return Result::record;
    }
    ++cell;  // the delimiter
  }
}

// `at` stands on the opening quote, afterwards on the delimiter, the newline or the end.
RecordSplitter::Result RecordSplitter::quoted_cell(char*& at, char* end, bool last,
                                                   std::string_view& cell, bool& doubled) const {
  char* from = at + 1;
  char* quote = from;
  while (true) {
    quote = find(quote, end, '"');
    if (quote == end) {
      if (!last) return Result::incomplete;
      return Result::bad_quote;  // never closed
    }
    if (quote + 1 == end && !last) return Result::incomplete;
    if (quote + 1 == end || quote[1] != '"') break;
    quote += 2;
    doubled = true;
  }
  char* after = quote + 1;
  if (after < end && *after == '\r') {
    if (after + 1 == end && !last) return Result::incomplete;
    ++after;
  }
  if (after < end && *after != delimiter_ && *after != '\n') {
    at = after;
    return Result::bad_quote;
  }
  cell = {from, static_cast<size_t>(quote - from)};
  at = after;
  return Result::record;
}

void RecordSplitter::skip_line(char*& at, char* end) {
  char* newline = find(at, end, '\n');
  at = newline == end ? end : newline + 1;
}

}  // namespace ctr
