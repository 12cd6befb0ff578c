#pragma once
// Named sets of training defaults, and in which order settings override each other.

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "tools/config_file.h"

namespace ctr {

// "none", which sets nothing; "bars": the protocol of the published FuxiCTR and BARS results
// (docs/training.md); "peterrec-paper" and "peterrec-code": PeterRec as its paper and its authors'
// code have it (docs/models/peterrec.md).
std::vector<std::string> preset_names();
void apply_preset(const std::string& name, OptionList& options);

// Sets options, each layer over the one before: what stands there, the model's preset, the preset
// named by the option `preset`, and `entries` in their order (a file's before the command line's).
// Entries for `model` and `preset` decide which presets these are; a list without such options goes
// without.
void set_in_order(OptionList& options, std::span<const ConfigEntry> entries,
                  const std::function<void(const std::string& model)>& model_preset);

}  // namespace ctr
