#pragma once

#include <cstdint>
#include <string>

#include "engine/options.h"

namespace ctr {

// Groups of target fields and of the sequence fields that go with them: one element a group, its
// fields joined by '+' ("item+category,shop"). Both empty: the item field and the first sequence
// that shares its table.

// DIN's switches (Zhou et al., KDD 2018): see docs/models/din.md.
struct DinOptions {
  NameList target_fields = {};
  NameList sequence_fields = {};
  IntList attention_units = {64};
  std::string attention_activation = "dice";
  std::string attention_output_activation = "identity";
  double attention_dropout = 0;
  bool softmax = false;

  void add_to(OptionList& list);
};

// BST's switches (Chen et al., DLP-KDD 2019): see docs/models/bst.md.
struct BstOptions {
  NameList target_fields = {};
  NameList sequence_fields = {};
  int64_t heads = 2;
  int64_t blocks = 1;
  double attention_dropout = 0;
  bool layer_norm = true;
  bool residual = true;
  bool positions = true;
  bool causal = false;
  std::string pooling = "mean";  // mean, sum, target, concat

  void add_to(OptionList& list);
};

}  // namespace ctr
