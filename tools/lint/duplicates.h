#pragma once
// Rows that are equal in all fields, found by 64-bit hashes (XXH3; one bit holds the label).
//
// Memory: 16 bytes for each of at most `most_hashes` rows at a time; larger sets are read several
// times, each pass for its share of the hashes. Two different rows of n in all are taken for equal
// with a probability of about n² / 2^64: 1 in 2,000 for a hundred million rows.

#include <array>
#include <cstdint>

#include "io/dataset.h"

namespace ctr {

struct Duplicates {
  // Rows of a split that have an equal row (fields and label) before them in it.
  std::array<int64_t, 3> within{};
  // Rows of valid and test (entries 1 and 2) that also stand in the training split.
  std::array<int64_t, 3> in_train{};
  // Distinct combinations of fields that stand in the training split with both labels.
  int64_t conflicting = 0;
};

Duplicates find_duplicates(const Dataset& data, int64_t most_hashes = int64_t{1} << 26);

}  // namespace ctr
