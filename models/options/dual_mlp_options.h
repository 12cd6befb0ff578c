#pragma once

#include <string>

#include "engine/options.h"

namespace ctr {

// The second of DualMLP's MLPs (the first is that of all models): see docs/models/dualmlp.md.
struct DualMlpOptions {
  IntList second_hidden_units = {256, 128, 64};
  std::string second_activation = "relu";
  bool second_batch_norm = false;
  double second_dropout = 0;

  void add_to(OptionList& list);
};

}  // namespace ctr
