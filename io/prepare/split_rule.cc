#include "io/prepare/split_rule.h"

#include <algorithm>
#include <utility>

#include "engine/check.h"

namespace ctr {
namespace {

int64_t ceil_of(int64_t number, int64_t part, int64_t whole) {
  return static_cast<int64_t>((static_cast<__int128>(number) * part + whole - 1) / whole);
}

}  // namespace

// With 6, 2, 2 this equals the reference's floating-point ceil(0.4 n) for every n: 0.4 as a double
// is 0.4 (1 + 2^-54), too little to lift a whole 0.4 n above its rounding.
SplitSizes split_sizes(int64_t rows, const SplitRule& rule) {
  CTR_CHECK(rule.train > 0 && rule.valid >= 0 && rule.test >= 0,
            "split: train must have a share and no share may be negative, got {}, {}, {}",
            rule.train, rule.valid, rule.test);
  const int64_t others = rule.valid + rule.test;
  if (rows <= 1 || others == 0) return {rows, 0, 0};
  const int64_t rest = ceil_of(rows, others, rule.train + others);
  const int64_t test = ceil_of(rest, rule.test, others);
  return {rows - rest, rest - test, test};
}

std::vector<Split> split_rows(int64_t rows, const SplitRule& rule, const RandomStream& random) {
  const SplitSizes sizes = split_sizes(rows, rule);
  std::vector<Split> splits(static_cast<size_t>(rows), Split::test);
  std::fill_n(splits.begin(), sizes.train, Split::train);
  std::fill_n(splits.begin() + sizes.train, sizes.valid, Split::valid);
  shuffle(std::span(splits), random);
  return splits;
}

}  // namespace ctr
