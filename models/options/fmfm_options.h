#pragma once

#include <string>

#include "engine/options.h"

namespace ctr {

// FmFM's weights of a pair: see docs/models/fmfm.md.
struct FmfmOptions {
  std::string fmfm_weights = "matrix";  // matrix, vector

  void add_to(OptionList& list);
};

}  // namespace ctr
