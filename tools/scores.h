#pragma once
// A model's click probabilities on a split, with what metrics need beside them.

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "io/dataset.h"
#include "tools/metrics.h"
#include "tools/trainer.h"

namespace ctr {

// Calls `take` with each batch of the split and its rows' click probabilities, in the split's
// order. Memory: one batch and those read ahead.
void score_batches(
    BuiltModel& built, const Dataset& data, Split split, int64_t batch_size,
    const std::function<void(const Batch& batch, std::span<const double> probability)>& take);

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
