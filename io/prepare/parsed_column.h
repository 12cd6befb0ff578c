#pragma once
// One column of a chunk, read by its field's rules: the step before vocabularies, which both passes
// of `prepare` share.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/prepare/row_source.h"

namespace ctr {

// What is wrong with a cell.
struct CellError {
  int64_t row;
  int64_t column;  // of the chunk
  std::string expected, found, advice;
};

struct ParsedColumn {
  // Categorical: the token of each row. Lists: the tokens of all rows, row r's at [offsets[r],
  // offsets[r + 1]). They lie in the chunk, in `made`, or in memory that stays.
  std::span<const std::string_view> tokens;
  std::vector<int64_t> offsets;
  std::vector<double> numbers;  // numeric fields and labels: NaN where the cell is empty
  std::vector<CellError> errors;
  std::vector<std::string_view> own;  // what `tokens` shows, unless it shows the chunk's cells
  std::string made;                   // bytes of tokens that a rule made
};

// A field's cells. `domain_names` are the only tokens that a domain field may hold, unless empty.
void parse_field(const Field& field, const std::vector<std::string>& domain_names,
                 const std::vector<std::string_view>& cells, int64_t column, ParsedColumn& parsed);

// A label's cells: numbers in [0, 1].
void parse_label(const std::vector<std::string_view>& cells, int64_t column, ParsedColumn& parsed);

}  // namespace ctr
