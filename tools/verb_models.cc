#include <algorithm>

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
    size_t name = 0, title = 0;  // widths of the columns
    for (const ModelInfo& model : model_list()) {
      name = std::max(name, model.name.size());
      title = std::max(title, model.title.size());
    }
    for (const ModelInfo& model : model_list())
      fmt::print("{:<{}}  {:<{}}  {}\n", model.name, name, model.title, title, model.paper);
    return 0;
  };
  return verb;
}

}  // namespace ctr
