#pragma once

#include <cstdint>
#include <string>

#include "engine/options.h"
#include "io/dataset.h"

namespace ctr {

// Simulated clicks of domains that differ by a planted low-rank shift of one layer:
//   logit p = b_d + g Σ_k w_k (relu(x (W + A_d B_d))_k − m),   x = [u, c]
// with given vectors u of the user and c of the item, W [2 width, hidden] of all domains, A_d
// [2 width, rank] and B_d [rank, hidden] of each, m the mean of a unit. The columns of A_d and the
// rows of B_d are orthonormal up to a factor, so that each rank weighs alike, and B_d w = 0: half
// of relu is linear, and would add up all ranks in the one direction A_d B_d w. Domain d holds a
// share ∝ (d + 1)^−tail of the rows. A net of one hidden layer with adapters of rank ≥ `rank` can
// represent these clicks. Facts: best_auc and best_logloss on the test split.
struct PlantedLoraOptions {
  int64_t rank = 2;  // 0: all domains alike but for b_d
  int64_t domains = 12;
  int64_t rows = 100'000;  // split .6/.2/.2
  int64_t users = 2000, items = 1000;
  int64_t width = 3;   // of a vector
  int64_t hidden = 8;  // units of the planted layer
  double shift = 2;    // deviation of x A_d B_d; that of x W is 1
  double gain = 5;     // g
  double tail = 1;
  int64_t seed = 2024;

  OptionList list();
};

// Writes the data set directory `target`; the same options give the same data on any machine.
void simulate_planted_lora(const PlantedLoraOptions& options, const std::string& target);

}  // namespace ctr
