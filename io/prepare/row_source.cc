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

Place place_of(const RowSource& source, const RawChunk& chunk, int64_t row, int64_t column) {
  const auto r = static_cast<size_t>(row);
  Place place{source.files()[static_cast<size_t>(chunk.file[r])], chunk.line[r], 0};
  const char* start = chunk.line_start[r];
  if (column >= 0 && start != nullptr)
    place.column = chunk.columns[static_cast<size_t>(column)][r].data() - start + 1;
  return place;
}

}  // namespace ctr
