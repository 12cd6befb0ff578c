#pragma once

#include <cstdint>
#include <string>

#include "engine/options.h"

namespace ctr {

// FinalMLP's switches (Mao et al., AAAI 2023): see docs/models/finalmlp.md. The first stream is the
// MLP of --hidden-units, --activation, --dropout and --batch-norm.
struct FinalMlpOptions {
  IntList units2 = {};               // of the second stream; empty: those of the first
  std::string activation2 = "same";  // same: as the first stream has it
  std::string batch_norm2 = "same";  // same, true, false
  double dropout2 = -1;              // -1: as the first
  bool gates = true;                 // each stream sees the features through a gate of its own
  IntList gate_units = {64};         // hidden layers of the gates
  NameList context1 = {};            // fields that a stream's gate looks at; empty: none, the gate
  NameList context2 = {};            // is learned and the same for all rows
  double context_deviation = 0;      // of the vector that stands for an empty context at first
  std::string fusion = "bilinear";   // bilinear, sum, product, concat
  int64_t fusion_heads = 1;

  void add_to(OptionList& list);
};

}  // namespace ctr
