#pragma once
// A digest of all rows of a source and of their places.

#include <cstdlib>

#include "io/checksum.h"
#include "io/prepare/row_source.h"

namespace ctr {

// Ends the program on rows that break the promises of RawChunk.
inline uint64_t digest_of(RowSource& source) {
  BadLines bad(BadLinePolicy::skip);
  Checksum sum;
  static RawChunk chunk;  // its large buffers serve all runs
  while (source.next(chunk, bad)) {
    const auto rows = static_cast<size_t>(chunk.rows);
    if (chunk.rows < 1 || chunk.rows > RawChunk::kRows || chunk.split.size() != rows ||
        chunk.columns.size() != source.columns().size())
      abort();
    for (size_t c = 0; c < chunk.columns.size(); ++c) {
      if (chunk.columns[c].size() != rows) abort();
      for (size_t r = 0; r < rows; ++r) {
        const std::string_view cell = chunk.columns[c][r];
        sum.update(cell.data(), cell.size());
        const std::string place =
            place_of(source, chunk, static_cast<int64_t>(r), static_cast<int64_t>(c)).text();
        sum.update(place.data(), place.size());
      }
    }
  }
  return sum.value();
}

}  // namespace ctr
