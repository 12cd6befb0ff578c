#pragma once
// A data set in memory: columns of three splits, and batches cut from them.

#include <array>
#include <map>
#include <string>
#include <vector>

#include "engine/rng.h"
#include "io/batch.h"
#include "io/schema.h"

namespace ctr {

enum class Split : uint8_t { train, valid, test };
inline constexpr const char* kSplitNames[] = {"train", "valid", "test"};

// Columns of one split, a row per impression.
struct Columns {
  int64_t rows = 0;
  std::vector<Tensor> ids;  // i64 [rows] per field
  Tensor label;             // f32 [rows]
  Tensor domain;            // i64 [rows]
};

struct Dataset {
  Schema schema;
  std::string note;  // one line that users must know, or empty
  std::array<Columns, 3> splits;
  GivenVectors vectors;
  std::map<std::string, double>
      facts;  // e.g. best_auc: of the true click probabilities on the test split

  const Columns& columns(Split split) const { return splits[static_cast<size_t>(split)]; }
};

// Rows order[begin … end) of a split.
Batch make_batch(const Columns& columns, const std::vector<int64_t>& order, int64_t begin,
                 int64_t end);

// 0 … rows−1 in the order of one epoch: Fisher and Yates with the numbers of (seed, epoch).
std::vector<int64_t> shuffled(int64_t rows, uint64_t seed, uint32_t epoch);
std::vector<int64_t> in_order(int64_t rows);

}  // namespace ctr
