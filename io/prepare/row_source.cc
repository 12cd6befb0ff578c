#include "io/prepare/row_source.h"

namespace ctr {

void RawChunk::clear(size_t count) {
  rows = 0;
  columns.resize(count);
  for (auto& column : columns) column.clear();
  split.clear();
  file.clear();
  line.clear();
  line_start.clear();
  made.clear();
}

void RawChunk::erase(size_t row) {
  const auto at = static_cast<std::ptrdiff_t>(row);
  for (auto& column : columns) column.erase(column.begin() + at);
  split.erase(split.begin() + at);
  file.erase(file.begin() + at);
  line.erase(line.begin() + at);
  line_start.erase(line_start.begin() + at);
  --rows;
}

Place place_of(const RowSource& source, const RawChunk& chunk, int64_t row, int64_t column) {
  const auto r = static_cast<size_t>(row);
  Place place{source.files()[static_cast<size_t>(chunk.file[r])], chunk.line[r], 0};
  const char* start = chunk.line_start[r];
  if (column >= 0 && start != nullptr)
    place.column = chunk.columns[static_cast<size_t>(column)][r].data() - start + 1;
  return place;
}

}  // namespace ctr
