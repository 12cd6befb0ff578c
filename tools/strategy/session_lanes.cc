#include "tools/strategy/session_lanes.h"

#include <algorithm>

namespace ctr {

StepResult SessionLanes::step(const Pass&, std::span<const Batch> batches, int64_t number) {
  constexpr int64_t kDraws = 4096;  // between the first ones of two steps
  StepResult result;
  double pairs = 0;
  for (const Batch& rows : batches) {
    const std::vector<Batch> places = context_.built.model().place_by_place(rows);
    for (size_t i = 0; i < places.size(); ++i) {
      const std::span<const int64_t> next = places[i].next.span<int64_t>();
      const auto told =
          static_cast<double>(next.size()) - static_cast<double>(std::ranges::count(next, 0));
      const StepResult one =
          context_.step(std::span(&places[i], 1),
                        static_cast<uint32_t>(number * kDraws + static_cast<int64_t>(i)));
      result.loss += told * one.loss;
      result.gradient_norm = std::max(result.gradient_norm, one.gradient_norm);
      result.measured = result.measured || one.measured;
      pairs += told;
    }
    result.rows += rows.rows;
  }
  if (pairs > 0) result.loss /= pairs;
  return result;
}

}  // namespace ctr
