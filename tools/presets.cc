#include "tools/presets.h"

#include <utility>

#include "engine/check.h"

namespace ctr {
namespace {

// Training of Zhu et al., Open Benchmarking for Click-Through Rate Prediction (CIKM 2021), with
// FuxiCTR: sets ending in _x1. What is a default anyway is written too, so that a new default
// changes no published protocol.
constexpr std::pair<const char*, const char*> kBars[] = {
    {"batch_size", "4096"},
    {"accumulate", "1"},
    {"optimizer", "adam"},
    {"learning_rate", "1e-3"},
    {"beta1", "0.9"},
    {"beta2", "0.999"},
    {"epsilon", "0"},  // the rule's own: 1e-8
    {"clip_norm", "10"},
    {"embedding_update", "replay"},  // dense to the bit: the penalty falls on whole tables
    {"epochs", "100"},
    {"max_steps", "0"},
    {"monitor", "auc"},
    {"min_improvement", "1e-6"},
    {"patience", "2"},
    {"schedule", "plateau"},
    {"warmup_steps", "0"},
    {"plateau_factor", "0.1"},
    {"plateau_patience", "1"},
    {"least_rate", "1e-6"},
    {"embedding_dim", "10"},
    {"embedding_deviation", "1e-4"},
    {"numeric", "embed"},  // begins as Xavier normal of (1, width), whatever the deviation
};

// The last entry for `name`, or what stands there.
std::string text_after(const OptionList& options, std::span<const ConfigEntry> entries,
                       const std::string& name) {
  const Option* option = options.find(name);
  if (option == nullptr) return {};
  std::string text = OptionList::text_of(*option);
  for (const ConfigEntry& entry : entries) text = entry.name == name ? entry.text : text;
  return text;
}

}  // namespace

std::vector<std::string> preset_names() { return {"none", "bars"}; }

void apply_preset(const std::string& name, OptionList& options) {
  if (name == "none") return;
  CTR_ASSERT(name == "bars");
  for (const auto& [option, text] : kBars) options.set(option, text, "preset bars");
}

void set_in_order(OptionList& options, std::span<const ConfigEntry> entries,
                  const std::function<void(const std::string& model)>& model_preset) {
  if (options.find("model") != nullptr) model_preset(text_after(options, entries, "model"));
  if (options.find("preset") != nullptr) {
    for (const ConfigEntry& entry : entries)  // refuses a name that is none
      if (entry.name == "preset") options.set("preset", entry.text, entry.where);
    apply_preset(text_after(options, entries, "preset"), options);
  }
  for (const ConfigEntry& entry : entries) options.set(entry.name, entry.text, entry.where);
}

}  // namespace ctr
