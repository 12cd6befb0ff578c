#pragma once

#include <cstdint>
#include <string>

#include "engine/options.h"

namespace ctr {

// AutoInt's switches (Song et al., CIKM 2019): see docs/models/autoint.md.
struct AutoIntOptions {
  int64_t layers = 3;
  int64_t heads = 2;
  int64_t dim = 64;                   // a, over all heads
  bool dim_per_head = false;          // a of each head instead
  bool scale = false;                 // scores over √(a / heads)
  std::string residual = "identity";  // none; identity: W_res only where widths differ; projected
  std::string layer_norm = "none";    // none, before or after the layer's ReLU
  std::string projection = "linear";  // relu: ReLU and bias on Q, K, V and the residual
  bool wide = false;                  // linear term beside
  bool joint_head = false;            // one head on [X^L ; MLP] instead of one each (DeepCTR)

  void add_to(OptionList& list);
};

}  // namespace ctr
