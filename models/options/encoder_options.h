#pragma once

#include <cstdint>
#include <string>

#include "engine/options.h"

namespace ctr {

// A transformer encoder over a sequence, tuned as a whole or by small parts: see
// docs/models/encoder.md.
struct EncoderOptions {
  std::string method = "plain";
  int64_t layers = 2;
  int64_t heads = 2;
  int64_t ffn_units = 0;  // 0: four times the width
  std::string gelu = "erf";
  double norm_epsilon = 1e-12;
  int64_t lora_rank = 8;
  double lora_alpha = 8;
  int64_t adapter_units = 64;
  int64_t prefix_length = 20;
  int64_t prefix_hidden = 0;  // 0: the table itself is trained
  bool prefix_shifts_positions = true;

  void add_to(OptionList& list);
};

}  // namespace ctr
