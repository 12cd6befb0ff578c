#pragma once

#include <cstdint>
#include <string>

#include "engine/options.h"

namespace ctr {

// xDeepFM's compressed interaction network (Lian et al., KDD 2018): see docs/models/xdeepfm.md.
struct CinOptions {
  IntList units = {64, 64, 64};         // H_k, the feature maps of each layer
  std::string activation = "identity";  // after each layer
  bool split_half = false;              // half of a layer's maps goes on, the other half is pooled
  bool bias = true;

  void add_to(OptionList& list);
};

}  // namespace ctr
