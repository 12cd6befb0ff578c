#pragma once

#include <string>

#include "engine/options.h"

namespace ctr {

// Attention pooling before CGC: see docs/models/pooledcgc.md.
struct PoolingOptions {
  std::string kind = "gaussian";  // attention_pooling_kinds()
  std::string field = "";         // the sequence; empty: the data's first

  void add_to(OptionList& list);
};

}  // namespace ctr
