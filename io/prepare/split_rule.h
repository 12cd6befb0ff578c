#pragma once
// The split routine of MLoRA and MAMDR (scikit-learn's train_test_split, twice): counts exactly
// theirs, rows chosen by our own random numbers.

#include <cstdint>
#include <vector>

#include "engine/rng.h"
#include "io/prepare/split_assignment.h"

namespace ctr {

struct SplitSizes {
  int64_t train = 0, valid = 0, test = 0;

  bool operator==(const SplitSizes&) const = default;
};

// Of n rows of one class with shares t, v, s (divided by their sum): n − train = ⌈(1 − t) n⌉ rows
// are held out; of more than one, ⌈s / (v + s) · held⌉ are the test's and the others valid; a
// single one is the test's. One row alone is for training.
SplitSizes split_sizes(int64_t n, const SplitShares& shares = {0.6, 0.2, 0.2});

// A split for each of n rows, in those numbers, by a random permutation.
std::vector<Split> split_rows(int64_t n, const SplitShares& shares, const RandomStream& random);

}  // namespace ctr
