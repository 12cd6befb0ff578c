#pragma once
// The JSON configurations of MAMDR and MLoRA (sections model, train and dataset) as our options.

#include <string>
#include <vector>

#include "io/json.h"

namespace ctr {

struct MamdrSetting {
  std::string section, key;  // that of the file
  std::string name, text;    // our option and its value
};

struct MamdrConfig {
  std::vector<MamdrSetting> settings;
  std::vector<std::string> unused;  // "train.meta_parms": known keys that change nothing here
  std::vector<std::string> notes;   // what is done otherwise than there
};

// Whether the file is one of theirs: it has a section `dataset`, and its model a `name`.
bool is_mamdr_config(const Json& json);

// All keys are taken, or listed as unused; throws kind data on unknown ones, with the nearest known
// name, and on values that ask for what is not built. Equal dimensions become --embedding-dim; the
// name says the model and its layers ("nfm_lora"), in DeepCTR's dialect, or star, and a strategy
// ("mlp_meta_mamdr_finetune"), which then reads the keys meta_* and their kin.
MamdrConfig read_mamdr_config(const Json& json, const std::string& path);

}  // namespace ctr
