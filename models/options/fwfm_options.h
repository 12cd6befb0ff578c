#pragma once

#include <string>

#include "engine/options.h"

namespace ctr {

// FwFM's linear term: see docs/models/fwfm.md.
struct FwfmOptions {
  std::string fwfm_linear = "filv";  // lw: w_f[x_f]; felv: <v_f, w_f[x_f]>; filv: <v_f, w_f>

  void add_to(OptionList& list);
};

}  // namespace ctr
