#pragma once
// Encoded rows in memory, a column per field: what encoders fill and block files take.

#include <array>
#include <cstdint>
#include <vector>

#include "io/schema.h"

namespace ctr {

enum class Split : uint8_t { train, valid, test };
inline constexpr std::array<const char*, 3> kSplitNames = {"train", "valid", "test"};

struct Columns {
  struct Column {
    std::vector<int32_t> ids;      // categorical [rows], lists [total]
    std::vector<int64_t> offsets;  // lists [rows + 1]: row b's ids are [offsets[b], offsets[b + 1])
    std::vector<float> numbers;    // numeric [rows]
  };
  int64_t rows = 0;
  std::vector<Column> fields;              // in the schema's order
  std::vector<std::vector<float>> labels;  // [labels][rows], in [0, 1]

  // No rows of this schema.
  static Columns empty(const Schema& schema);
  void clear();
};

}  // namespace ctr
