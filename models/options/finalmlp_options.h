#pragma once

#include <cstdint>
#include <string>

#include "engine/options.h"

namespace ctr {

// Of FinalMLP (docs/models/finalmlp.md). The first stream is the MLP of the general options; of the
// second, what is left out is as in the first.
struct FinalMlpOptions {
  IntList units = {};               // second stream
  std::string activation = "";      // second stream
  double dropout = -1;              // second stream
  std::string batch_norm = "same";  // second stream: same, on, off
  bool gates = true;                // feature selection
  IntList gate_units = {64};        // hidden layers of the gates' nets
  NameList context1 = {};           // fields that decide the first stream's gates; empty: a vector
  NameList context2 = {};
  double context_deviation =
      0;  // of that vector at first; at 0 the gates' nets never learn from it
  int64_t heads = 1;
  std::string fusion = "bilinear";  // bilinear, sum, product, concat

  void add_to(OptionList& list);
};

}  // namespace ctr
