#pragma once
// Small text files line by line, for tables that no CSV reader takes ("::" between cells, one JSON
// object a line).

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "io/prepare/bad_lines.h"

namespace ctr {

// A line without its end, and its cells.
struct Line {
  const std::string& path;
  int64_t number = 0;  // from 1
  std::string_view text;
  std::vector<std::string_view> cells;

  // Reports the cell (the whole line when it has none such) as bad.
  void report(BadLines& bad, size_t cell, std::string_view expected,
              std::string_view advice = "") const;
};

// Calls `visit` for every line that is not empty, plain or gzip. With an empty separator the line
// is its only cell. Memory is the longest line and 4 MiB. Throws kind io and data as TextReader.
void for_each_line(const std::string& path, std::string_view separator,
                   const std::function<void(const Line& line)>& visit);

// The first line's text, or empty: to tell formats apart.
std::string first_line(const std::string& path);

}  // namespace ctr
