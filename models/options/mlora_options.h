#pragma once

#include <cstdint>
#include <string>

#include "engine/options.h"

namespace ctr {

// MLoRA's switches (Gao et al., RecSys 2024): see docs/models/mlora.md.
struct MloraOptions {
  IntList rank = {};               // r, one for all layers or one each; empty: by `reduce`
  double reduce = 16;              // r = max(1, ⌊out / reduce⌋), the paper's temperature α
  double scale = 1;                // of the adapters' outputs
  std::string dropout = "shared";  // of the shared branch before the activation, or of the output
  std::string start = "slice";     // A: each domain's matrix Xavier normal by itself; stack: with
                                   // the fans of the whole stack, as the released code has it
  int64_t experts = 0;  // 0: an adapter for each domain; else so many, mixed by a gate (MoE-MLoRA)
  int64_t expert =
      -1;  // of these the one that every row takes, without the gate; -1: the gate mixes
  int64_t gate_dim = 4;  // width of the gate's vectors of domains

  void add_to(OptionList& list);
};

}  // namespace ctr
