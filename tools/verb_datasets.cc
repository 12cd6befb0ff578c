#include <memory>

#include <fmt/format.h>

#include "engine/check.h"
#include "io/data_catalog.h"
#include "tools/inspect.h"
#include "tools/verbs.h"

namespace ctr {

Verb datasets_verb() {
  auto folder = std::make_shared<std::string>();
  Verb verb;
  verb.name = "datasets";
  verb.summary = "list the built-in data sets and the prepared ones of a folder";
  verb.examples = {"ctrengine datasets", "ctrengine datasets --in data"};
  verb.options.add({"in", folder.get(), "the folder to look in; empty: the cache folder"});
  verb.run = [folder](const std::vector<std::string>&) {
    fmt::print("built in, made when first used: {}\n", fmt::join(dataset_names(), ", "));
    const std::string where = folder->empty() ? cache_folder() : *folder;
    const std::string text = list_datasets(where);
    fmt::print("\nprepared, in {}:{}\n{}", where, text.empty() ? " none" : "", text);
    return 0;
  };
  return verb;
}

}  // namespace ctr
