#include "tools/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace ctr {

void observe_epoch(const ScheduleOptions& options, bool better, PlateauState& state) {
  if (options.kind != "plateau") return;
  state.waiting = better ? 0 : state.waiting + 1;
  if (state.waiting < options.plateau_patience) return;
  ++state.cuts;
  state.waiting = 0;
}

double rate_at(const ScheduleOptions& options, double base, int64_t step,
               const PlateauState& plateau) {
  if (step < options.warmup_steps)
    return base * static_cast<double>(step) / static_cast<double>(options.warmup_steps);
  const double least = std::min(base, options.least_rate);
  if (options.kind == "plateau") {
    double rate = base;  // cut by cut, not by a power: the peer's rates to the last bit
    for (int64_t i = 0; i < plateau.cuts && rate > least; ++i)
      rate = std::max(rate * options.plateau_factor, least);
    return rate;
  }
  if (options.kind != "cosine") return base;
  const auto length =
      static_cast<double>(std::max<int64_t>(options.steps - options.warmup_steps, 1));
  const double done =
      std::clamp(static_cast<double>(step - options.warmup_steps) / length, 0.0, 1.0);
  return least + (base - least) * 0.5 * (1 + std::cos(std::numbers::pi * done));
}

}  // namespace ctr
