#pragma once
// A model that learns its sequences an item at a time: each step of its lanes is one of the
// optimizer, in which the state that the lanes carry is a constant (models/layers/session_lanes.h).

#include "tools/strategy/strategy.h"

namespace ctr {

// A batch's rows fill the lanes in their order and leave them when all are learnt, so that a step
// of the run begins with empty lanes. Its loss is the mean over all pairs of items.
class SessionLanes : public Strategy {
 public:
  using Strategy::Strategy;
  std::vector<Pass> passes(int64_t) override { return {Pass{}}; }
  StepResult step(const Pass& pass, std::span<const Batch> batches, int64_t number) override;
};

}  // namespace ctr
