#pragma once
// Negatives for data of clicks alone, by the rule of MAMDR and MLoRA: a user with c clicks in a
// domain gets min(int(c / ratio), |pool|) items drawn without replacement from the domain's items
// that the user did not click in it. How many is the published rule to the row; which ones is our
// own choice (Philox), the same on any machine.

#include <cstdint>
#include <span>
#include <vector>

#include "io/columns.h"
#include "io/prepare/split_rule.h"

namespace ctr {

// The published ratio of each domain, clicks per negative: Python's round(uniform(0.2, 0.5), 2)
// after random.seed(seed).
std::vector<double> reference_ratios(uint64_t seed, size_t domains);

// int(clicks / ratio), in doubles as the reference has it.
int64_t negatives_for(int64_t clicks, double ratio);

// A pair of ids, and the raw row that it came from.
struct Click {
  int32_t user = 0;
  int32_t item = 0;
  Split split = Split::train;
  int64_t row = 0;
};

enum class NegativeDraw : uint8_t {
  uniform,     // every item of the pool alike
  popularity,  // in proportion to its clicks in the domain
};

struct NegativeRule {
  NegativeDraw draw = NegativeDraw::uniform;
  double ratio = 0.5;  // clicks per negative
  // true: int(c / ratio) for the c clicks in each split, in that split (where the pool is too small
  // for all, train goes first). false: each user's negatives are split by `split`.
  bool keep_split = false;
  SplitRule split = {};
  uint64_t seed = 123;
};

// The negatives of one domain, by user in ascending order. A negative's `row` is that of one of the
// user's clicks (in the same split under keep_split), in turn. Clicks may repeat a pair; a repeated
// one counts as often for c and for popularity. O(n log n) in clicks and negatives.
std::vector<Click> draw_negatives(std::span<const Click> clicks, int32_t domain,
                                  const NegativeRule& rule);

}  // namespace ctr
