// finetune: `train --from RUN` with what the pre-trained network needs to fit.

#include <algorithm>
#include <memory>

#include "engine/check.h"
#include "tools/model_file.h"
#include "tools/verbs.h"

namespace ctr {
namespace {

// Options that shape the network whose weights are taken.
bool shapes_network(const std::string& name) {
  constexpr std::string_view kNetwork[] = {"embedding_dim",      "next_block",  "next_dilations",
                                           "next_kernel",        "next_causal", "next_norm_epsilon",
                                           "next_sequence_field"};
  return std::find(std::begin(kNetwork), std::end(kNetwork), name) != std::end(kNetwork);
}

// Sets them as the run has them, unless the command line or the file names them.
void take_network(OptionList& options, const std::vector<ConfigEntry>& entries) {
  const std::string run = OptionList::text_of(*options.find("from"));
  CTR_CHECK(!run.empty(),
            "finetune: --from is missing; name the run of the pre-trained network, as in "
            "`ctrengine finetune --from runs/nextitnet-kitchen-1 --data data/food`");
  ModelFile file = read_model_file(run);
  const OptionList theirs = file.model.list();
  for (const Option& option : theirs.all()) {
    const bool named = std::any_of(entries.begin(), entries.end(), [&](const ConfigEntry& entry) {
      return entry.name == option.name;
    });
    if (shapes_network(option.name) && !named)
      options.set(option.name, OptionList::text_of(option), run + "/model.json");
  }
}

}  // namespace

Verb finetune_verb() {
  Verb verb = train_verb();
  verb.name = "finetune";
  verb.summary = "train a task on a pre-trained network: patches, its head, or all of it";
  verb.examples = {
      "ctrengine finetune --from runs/nextitnet-kitchen-1 --data data/food --peter-loss softmax",
      "ctrengine finetune --from runs/nextitnet-films-1 --data data/films-age --peter-loss softmax "
      "--peter-train all --peter-insertion none"};
  auto options = std::make_shared<OptionList>(verb.options);
  options->set("model", "peterrec", "finetune");
  verb.given = [options](const std::vector<ConfigEntry>& entries) {
    take_network(*options, entries);
  };
  return verb;
}

}  // namespace ctr
