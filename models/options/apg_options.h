#pragma once

#include <cstdint>
#include <string>

#include "engine/options.h"

namespace ctr {

// APG's switches (Yan et al., NeurIPS 2022): see docs/models/apg.md.
struct ApgOptions {
  std::string generate = "s";               // full: W; usv: U, S and V; s: S alone, U and V shared
  bool decompose = true;                    // usv: ((h U) S) V instead of h (U S V)
  IntList rank_k = {16};                    // K, one for all layers or one each
  IntList overparam_p = {};                 // P; empty: U and V are single matrices
  std::string condition_mode = "mix-wise";  // self-wise, group-wise, mix-wise
  NameList condition_fields = {};           // empty: the data's user and domain fields
  std::string condition_embedding = "shared";  // shared: the model's own tables; own: new ones
  bool distinct_conditions = true;             // weights are generated once per distinct condition
  std::string aggregation = "mean";            // mean, sum, concat, attention
  std::string aggregation_side =
      "input";  // input: of the conditions; output: of the layers they generate
  int64_t attention_units = 16;
  IntList hypernet_hidden_units = {};
  bool generate_bias = false;
  int64_t max_generated_mb =
      2048;  // refuse to generate more weights than this for one layer and batch

  void add_to(OptionList& list);
};

}  // namespace ctr
