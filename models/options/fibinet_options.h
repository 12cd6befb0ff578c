#pragma once

#include <string>

#include "engine/options.h"

namespace ctr {

// FiBiNET's squeeze-and-excitation and bilinear interactions: see docs/models/fibinet.md.
struct FibinetOptions {
  std::string bilinear_type =
      "interaction";  // all, each, interaction: one matrix, one per left field, one per pair
  bool share_bilinear = false;
  double senet_reduction = 3;
  std::string senet_activation = "relu";
  bool senet_first = false;

  void add_to(OptionList& list);
};

}  // namespace ctr
