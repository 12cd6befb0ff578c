#pragma once

#include <string>

#include "engine/options.h"

namespace ctr {

// STAR's switches (Sheng et al., CIKM 2021): see docs/models/star.md.
struct StarOptions {
  std::string domain_weight = "ones";     // how W_d begins: ones, random, reference
  bool partitioned_norm = true;           // of the input
  double norm_epsilon = 1e-3;             // of the partitioned norm
  IntList auxiliary_hidden_units = {64};  // empty: no auxiliary net
  bool domain_in_input = false;           // the domain's vector is a part of the input

  void add_to(OptionList& list);
};

}  // namespace ctr
