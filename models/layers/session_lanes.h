#pragma once
// Sequences that are learnt an item at a time, several side by side in lanes (Hidasi et al., ICLR
// 2016, session-parallel mini-batches): a lane whose sequence ends goes on with the next one.

#include <cstdint>
#include <vector>

#include "engine/tensor.h"

namespace ctr {

// What each lane reads and is to tell in one step, i64 [lanes] each; id 0: no sequence is left.
struct LaneStep {
  Tensor ids, next;
  Tensor begins;  // 1 where a sequence begins, and where none is left
  Tensor row;     // whose sequence it is
};

// ids [B, L], 0 before a sequence's first item: each pair of items that follow one another once,
// rows in their order, each to the first lane that is free. A row of fewer than two items has none.
std::vector<LaneStep> lane_steps(const Tensor& ids, int64_t lanes);

}  // namespace ctr
