#include <fmt/format.h>

#include "models/model.h"
#include "tools/verbs.h"

namespace ctr {

Verb models_verb() {
  Verb verb;
  verb.name = "models";
  verb.summary = "list the models";
  verb.examples = {"ctrengine models", "ctrengine train --help"};
  verb.run = [](const std::vector<std::string>&) {
    for (const ModelInfo& model : model_list()) {
      fmt::print("{:<12} {:<64} {}\n", model.name, model.title, model.paper);
    }
    return 0;
  };
  return verb;
}

}  // namespace ctr
