#pragma once

#include <cstdint>
#include <string>

#include "engine/options.h"
#include "io/dataset.h"

namespace ctr {

// Simulated clicks on ranked lists, where who is shown further up is looked at more often
// (examination hypothesis: Richardson, Dominowska, Ragno: Predicting clicks, WWW 2007):
//   P(click) = e(position, device) · σ(z)
//   e = position^−η of the device,  z = q_i + a_u · c_i + m
// with q the item's quality and a, c ∈ R^2 of user and item. The list's order comes from an old
// policy that pushes some items whatever their relevance:
//   score = promotion_i + policy z + N(0, 1)
// Fields: user, item, device, position (1 is the top; 0 stands for a missing one), and the list as
// the group, which no model reads. Labels of train and valid are clicks. Those of test are drawn
// with e = 1: what would be clicked if every place were looked at, so that test metrics measure
// relevance. Facts: best_auc and best_logloss of σ(z) on the test split.
struct PositionBiasOptions {
  int64_t lists = 6000;  // split .6/.2/.2
  int64_t length = 10;   // of a list
  int64_t users = 300, items = 200;
  double policy = 0.3;     // how much of the relevance the old policy knows
  double promotion = 2;    // deviation of what it adds to items
  double examination = 1;  // factor of η: 0 is no bias
  int64_t seed = 2024;

  OptionList list();
};

// Writes the data set directory `target`; the same options give the same data on any machine.
void simulate_position_bias(const PositionBiasOptions& options, const std::string& target);

}  // namespace ctr
