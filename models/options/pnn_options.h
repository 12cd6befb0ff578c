#pragma once

#include <string>

#include "engine/options.h"

namespace ctr {

// PNN's products: see docs/models/pnn.md.
struct PnnOptions {
  std::string pnn_product = "inner";  // inner, outer, both
  std::string pnn_kernel =
      "mat";  // mat, vec, num: a matrix, a vector or a number per pair; superposed: (Σ v)ᵀ (Σ v)

  void add_to(OptionList& list);
};

}  // namespace ctr
