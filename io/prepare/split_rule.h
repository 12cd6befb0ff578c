#pragma once
// How published multi-domain data is cut into train, valid and test: two calls of scikit-learn's
// train_test_split (0.24.2) on rows of one class, as MAMDR and MLoRA do. The sizes are theirs to
// the row; which rows go where is our own choice (Philox), the same on any machine.

#include <cstdint>
#include <vector>

#include "engine/rng.h"
#include "io/columns.h"

namespace ctr {

// Shares as whole numbers, so that sizes need no rounding of fractions: 6, 2, 2 is .6/.2/.2.
struct SplitRule {
  int64_t train = 6, valid = 2, test = 2;
};

struct SplitSizes {
  int64_t train = 0, valid = 0, test = 0;

  bool operator==(const SplitSizes&) const = default;
};

// Of n rows, rest = ceil(n (valid + test) / all) leave train, and ceil(rest · test / (valid +
// test)) of the rest are test; a single row of the rest is test (valid, if test has no share), and
// a single row in all is train (scikit-learn refuses it). Throws kind usage on a negative share or
// when train has none.
SplitSizes split_sizes(int64_t rows, const SplitRule& rule = {});

// The split of each row: a random choice with exactly those sizes.
std::vector<Split> split_rows(int64_t rows, const SplitRule& rule, const RandomStream& random);

}  // namespace ctr
