#pragma once
// The learning rate as a function of the step and of how validation went.

#include <cstdint>
#include <string>

namespace ctr {

struct ScheduleOptions {
  std::string kind = "constant";  // constant, cosine, plateau
  int64_t warmup_steps = 0;       // the rate rises linearly: step t of W has t/W of it
  int64_t steps = 0;              // length of the cosine, warm-up included; 0: set by the trainer
  double plateau_factor = 0.1;
  int64_t plateau_patience = 1;
  double least_rate = 1e-6;  // of cosine and plateau
};

// What a plateau schedule remembers. Cuts stay: a better epoch sets only the counter back
// (with plateau_patience 1 as FuxiCTR).
struct PlateauState {
  int64_t cuts = 0;
  int64_t waiting = 0;  // epochs in a row without improvement, since the last cut

  bool operator==(const PlateauState&) const = default;
};

// After an epoch: cuts when `plateau_patience` epochs in a row were not better.
void observe_epoch(const ScheduleOptions& options, bool better, PlateauState& state);

// The rate of step `step` ≥ 1.
//   warm-up:  base · step / warmup_steps
//   cosine:   least + (base − least) · ½ (1 + cos(π (step − warmup) / (steps − warmup))), least
//             beyond the end
//   plateau:  rate ← max(rate · plateau_factor, least), from base on, once for each cut
double rate_at(const ScheduleOptions& options, double base, int64_t step,
               const PlateauState& plateau);

}  // namespace ctr
