#pragma once

#include "engine/options.h"

namespace ctr {

// The linear term of factorization machines: see docs/models/fm.md.
struct FmOptions {
  bool linear_bias = true;  // w0; FuxiCTR 1.x has none in DeepFM

  void add_to(OptionList& list);
};

}  // namespace ctr
