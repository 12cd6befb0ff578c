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

// PeterRec as its paper tells it (Yuan et al., SIGIR 2020), for pre-training and tasks.
constexpr std::pair<const char*, const char*> kPeterRecPaper[] = {
    {"embedding_dim", "256"},
    {"learning_rate", "1e-3"},
    {"batch_size", "512"},
    {"optimizer", "adam"},
    {"next_block", "b"},
    {"next_kernel", "3"},
    {"next_dilations", "1,4,1,4,1,4,1,4"},
    {"next_loss", "sampled"},
    {"next_sampler", "log-uniform"},
    {"next_samples", "0"},  // a fifth of the items
    {"next_mask_share", "0.3"},
    {"peter_insertion", "serial2"},
    {"peter_cardinality", "1"},
    {"peter_bottleneck", "0"},  // an eighth of the width
    {"peter_loss", "bce"},
    {"peter_negatives", "uniform"},
};

// As its authors' code has it where that differs: padding is an item, the token is the items' row
// 0, patches begin at random and are twice as wide, TensorFlow's Adam over whole tables.
constexpr std::pair<const char*, const char*> kPeterRecCode[] = {
    {"embedding_dim", "64"},       {"learning_rate", "1e-4"},        {"optimizer", "adam-tf"},
    {"embedding_update", "dense"}, {"next_padding_is_item", "true"}, {"peter_bottleneck", "16"},
    {"peter_zero_up", "false"},    {"peter_cls", "frozen_row_0"},    {"peter_l2", "0.02"},
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

std::vector<std::string> preset_names() {
  return {"none", "bars", "peterrec-paper", "peterrec-code"};
}

void apply_preset(const std::string& name, OptionList& options) {
  auto set = [&](const auto& settings) {
    for (const auto& [option, text] : settings) options.set(option, text, "preset " + name);
  };
  if (name == "none") return;
  if (name == "bars") return set(kBars);
  CTR_ASSERT(name == "peterrec-paper" || name == "peterrec-code");
  set(kPeterRecPaper);
  if (name == "peterrec-code") set(kPeterRecCode);
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
