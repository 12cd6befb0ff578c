#pragma once
// A model's click probabilities on a split, with what metrics need beside them.

#include <cstdint>
#include <vector>

#include "io/dataset.h"
#include "tools/metrics.h"
#include "tools/trainer.h"

namespace ctr {

// In the split's order.
struct Scores {
  std::vector<double> probability;
  std::vector<double> label;
  std::vector<int64_t> domain;  // zeros without a domain field
  std::vector<int64_t> group;   // empty without a group or user field
};

Scores score(BuiltModel& built, const Dataset& data, Split split, int64_t batch_size);

Metrics evaluate(BuiltModel& built, const Dataset& data, Split split, int64_t batch_size);

}  // namespace ctr
