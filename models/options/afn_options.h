#pragma once

#include <cstdint>
#include <string>

#include "engine/options.h"

namespace ctr {

// AFN's switches (Cheng, Shen, Huang, AAAI 2020): see docs/models/afn.md.
struct AfnOptions {
  int64_t logarithmic_neurons = 100;
  IntList hidden_units = {256, 128, 64};  // of the MLP over the neurons
  std::string activation = "";            // of it; empty: as the other MLP's
  double dropout = 0;                     // in it
  bool ensemble = true;                   // AFN+: an MLP on tables of its own beside
  double floor = 1e-5;                    // magnitudes below it count as this
  bool neuron_bias = false;               // in the exponent

  void add_to(OptionList& list);
};

}  // namespace ctr
