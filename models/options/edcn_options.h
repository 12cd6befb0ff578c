#pragma once

#include <string>

#include "engine/options.h"

namespace ctr {

// Of EDCN (docs/models/edcn.md); cross_layers and batch_norm stand with the others'.
struct EdcnOptions {
  std::string bridge = "hadamard";  // hadamard, addition, concatenation, attention_pooling
  bool regulation = true;           // gates over fields
  double temperature = 1;           // τ of their softmax
  bool residual = true;             // x + … in the cross step; FuxiCTR 2 leaves it out
  std::string attention = "own";    // own: a net for each branch; shared: one (FuxiCTR)

  void add_to(OptionList& list);
};

}  // namespace ctr
