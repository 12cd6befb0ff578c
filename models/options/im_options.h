#pragma once

#include <cstdint>

#include "engine/options.h"

namespace ctr {

// DeepIM's switches (Yu et al., CIKM 2020): see docs/models/deepim.md.
struct ImOptions {
  int64_t order = 3;        // products of up to this many fields
  bool batch_norm = false;  // on the sums of products
  bool dnn = true;          // an MLP beside

  void add_to(OptionList& list);
};

}  // namespace ctr
