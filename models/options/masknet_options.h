#pragma once

#include <cstdint>
#include <string>

#include "engine/options.h"

namespace ctr {

// MaskNet's switches (Wang et al., DLP-KDD 2021): see docs/models/masknet.md.
struct MaskNetOptions {
  std::string structure = "serial";  // serial: a block for each of --hidden-units, one on another
                                     // parallel: blocks side by side, the MLP on all of them
  int64_t blocks = 3;                // parallel
  int64_t block_width = 64;          // parallel
  double reduction_ratio = 1;        // width of a mask's hidden layer over that of its result
  bool embedding_norm = true;        // layer norm of each field's vector
  bool block_norm = true;            // layer norm in each block

  void add_to(OptionList& list);
};

}  // namespace ctr
