#pragma once

#include "engine/options.h"

namespace ctr {

// What NFM does to the pooled interactions before its MLP: see docs/models/nfm.md.
struct NfmOptions {
  bool bi_batch_norm = false;
  double bi_dropout = 0;

  void add_to(OptionList& list);
};

}  // namespace ctr
