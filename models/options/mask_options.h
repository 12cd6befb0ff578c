#pragma once

#include <cstdint>
#include <string>

#include "engine/options.h"

namespace ctr {

// Of MaskNet (docs/models/masknet.md).
struct MaskOptions {
  std::string structure = "serial";  // serial: a block for each of hidden_units; parallel
  double ratio = 1;                  // width of a mask's hidden layer, over the block's input
  int64_t blocks = 1;                // parallel
  int64_t block_units = 64;          // parallel
  bool field_norm = true;            // layer norm of each field's vector
  bool block_norm = true;            // layer norm in the blocks

  void add_to(OptionList& list);
};

}  // namespace ctr
