#pragma once

#include <cstdint>
#include <string>

#include "engine/options.h"

namespace ctr {

// Models that learn what follows in a sequence of items.
struct NextItemOptions {
  std::string sequence_field = "";  // empty: the first that shares the item's table, or the first
  std::string target_field = "";    // empty: the sequence itself tells
  bool padding_is_item = false;     // as published
  std::string loss = "softmax";     // softmax, sampled, bpr-max
  std::string sampler = "log-uniform";
  int64_t samples = 0;  // 0: a fifth of the items
  double count_power = 0.75;
  bool correct_samples = true;
  int64_t chunk = 4096;  // of all items, scored at once
  double bpr_penalty = 1;
  double bpr_elu = 0;

  void add_to(OptionList& list);
};

// NextItNet (Yuan et al., WSDM 2019): see docs/models/nextitnet.md.
struct NextItNetOptions {
  std::string block = "b";
  bool causal = true;
  IntList dilations = {1, 4, 1, 4, 1, 4, 1, 4};
  int64_t kernel = 3;
  bool relu_head = false;
  double norm_epsilon = 1e-8;
  double mask_share = 0.3;  // cloze
  int64_t most_masks = 30;

  void add_to(OptionList& list);
};

// GRU4Rec (Hidasi et al., ICLR 2016): see docs/models/gru4rec.md.
struct GruOptions {
  int64_t hidden = 100;
  int64_t layers = 1;
  bool bias = true;
  int64_t lanes = 0;  // 0: sequences are learnt whole

  void add_to(OptionList& list);
};

// SASRec (Kang and McAuley, ICDM 2018): see docs/models/sasrec.md.
struct SasRecOptions {
  int64_t blocks = 2;
  int64_t heads = 1;
  double norm_epsilon = 1e-8;
  std::string positive_field = "";  // empty: the sequence itself tells
  std::string negative_field = "";  // empty: drawn at random

  void add_to(OptionList& list);
};

}  // namespace ctr
