#pragma once

#include <cstdint>
#include <string>

#include "engine/options.h"

namespace ctr {

// Of cross networks: DCN, DCN-V2 and GDCN (docs/models/dcn.md, dcnv2.md, gdcn.md).
struct CrossOptions {
  int64_t layers = 3;
  // DCN-V2 and GDCN: crossnet_only, stacked, parallel, stacked_parallel.
  std::string structure = "parallel";
  IntList stacked_units = {};  // of the MLP on the cross network; empty: hidden_units
  // DCN-V2's W: full; low_rank, U Vᵀ; mixture of low-rank experts.
  std::string kernel = "full";
  int64_t rank = 32;
  int64_t experts = 4;
  std::string gates = "shared";  // shared by all layers (FuxiCTR), or each layer's own (the paper)

  void add_to(OptionList& list);
};

}  // namespace ctr
