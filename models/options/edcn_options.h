#pragma once

#include <string>

#include "engine/options.h"

namespace ctr {

// Settings of EDCN: see docs/models/edcn.md.
struct EdcnOptions {
  std::string bridge = "hadamard";  // hadamard, addition, concatenation, attention_pooling
  std::string attention = "own";    // attention_pooling: a net for each input; or shared
  bool regulation = true;           // gates
  double temperature = 1;           // τ of the gates' softmax
  bool residual = true;             // of the cross layers
  std::string base = "first";       // cross with the first layer's input; or with each layer's own

  void add_to(OptionList& list);
};

}  // namespace ctr
