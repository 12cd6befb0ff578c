#pragma once

#include <cstdint>
#include <string>

#include "engine/options.h"

namespace ctr {

// PeterRec (Yuan et al., SIGIR 2020): see docs/models/peterrec.md.
struct PeterOptions {
  std::string insertion = "serial2";
  bool inner_skip = true;
  int64_t cardinality = 1;
  int64_t bottleneck = 0;  // 0: an eighth of the width
  bool zero_up = true;     // patches begin as the identity
  std::string cls = "trainable";
  double l2 = 0;
  std::string loss = "bce";        // bce, bpr, softmax
  std::string negatives = "rows";  // rows, uniform, lambda
  double lambda_rho = 0.3;
  std::string negative_field = "";  // empty: the rows' labels tell
  std::string train = "patches";    // patches, head, last1, last2, all
  double source_weight = 0;         // of the next clicks' loss

  void add_to(OptionList& list);
};

}  // namespace ctr
