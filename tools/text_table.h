#pragma once
// Cells as text: tables for a terminal, and lines of CSV.

#include <string>
#include <vector>

namespace ctr {

// Characters of UTF-8; those beyond ASCII take more than one byte.
size_t character_count(const std::string& text);

// Lines of equally many cells, columns as wide as their widest cell, two blanks between them.
std::string text_table(const std::vector<std::vector<std::string>>& lines);

// One line of CSV (RFC 4180), its cells quoted where they must be; line ends in cells become
// blanks.
std::string csv_line(const std::vector<std::string>& cells);
// The number with all its digits; nothing for NaN.
std::string csv_number(double value);

}  // namespace ctr
