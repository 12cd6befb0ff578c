#pragma once

#include <cstdint>
#include <string>

#include "engine/options.h"

namespace ctr {

// Settings of the cross networks: see docs/models/dcn.md, dcnv2.md and gdcn.md.
struct CrossOptions {
  int64_t layers = 3;
  bool wide = false;  // DCN: a linear term beside (DeepCTR)
  // DCN-V2
  std::string structure = "parallel";  // crossnet_only, stacked, parallel, stacked_parallel
  std::string kernel = "full";         // W: full; low_rank: U Vᵀ; mixture: experts of that kind
  int64_t rank = 32;                   // columns of U and V
  int64_t experts = 4;                 // mixture
  std::string gates = "shared";        // mixture: by all layers, as the code has it; or per_layer
  IntList stacked_units = {};          // of the stacked MLP; empty: hidden_units
  std::string gdcn_structure = "stacked";  // stacked, parallel

  void add_to(OptionList& list);
};

}  // namespace ctr
