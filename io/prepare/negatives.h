#pragma once
// Negatives for data that holds clicks alone, and the splits of both (MLoRA and MAMDR): counts and
// ratios exactly theirs, the choice of rows by our own random numbers.

#include <string>
#include <vector>

#include "engine/options.h"
#include "io/prepare/interactions.h"
#include "io/prepare/split_assignment.h"

namespace ctr {

struct NegativeOptions {
  std::string negatives =
      "auto";  // auto: uniform when there are clicks alone; none, uniform, popularity
  // Positives over negatives, ρ: "spec" (one draw per domain from [0.2, 0.5], seed 123) or a
  // number.
  std::string ratio = "spec";
  // keep: as the files say, negatives within each split; or shares, "0.6,0.2,0.2": by the rule of
  // split_rule.h, positives of a domain together, negatives of a user and domain together.
  std::string split = "0.6,0.2,0.2";
  int64_t seed = 123;

  void add_to(OptionList& list);
};

// ρ of each of `domains` domains: round(U(0.2, 0.5), 2) from Python's generator.
std::vector<double> spec_ratios(int64_t domains, uint32_t seed);

// Draws negatives and gives every row its split. A user with c positives in a domain gets
// min(⌊c / ρ⌋, |pool|) items without replacement; the pool is the domain's items without those that
// the user clicked in it. `popularity`: an item is drawn in proportion to its clicks in the domain.
// Rows are then in the order of their domains, positives first. Says what it did, in one line.
std::string complete(Interactions& data, const NegativeOptions& options);

}  // namespace ctr
