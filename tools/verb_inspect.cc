#include <memory>

#include <fmt/format.h>

#include "engine/check.h"
#include "tools/inspect.h"
#include "tools/loaded_run.h"
#include "tools/verbs.h"

namespace ctr {

Verb inspect_verb() {
  struct State {
    InspectOptions options;
    std::string split = "train";
  };
  auto state = std::make_shared<State>();
  Verb verb;
  verb.name = "inspect";
  verb.summary = "say what a data set, run, block file or safetensors file is and holds";
  verb.examples = {"ctrengine inspect runs/apg-taobao-1",
                   "ctrengine inspect data/criteo --verify --rows 5"};
  verb.arguments = "PATH";
  verb.options.add({"verify", &state->options.verify, "read everything and compare checksums"});
  verb.options.add({"rows", &state->options.rows, "first rows to show", {}, 0, 1e6});
  verb.options.add(
      {"tokens", &state->options.tokens, "first tokens of each vocabulary to show", {}, 0, 1e6});
  verb.options.add({"split", &state->split, "that the rows are of", {"train", "valid", "test"}});
  verb.run = [state](const std::vector<std::string>& arguments) {
    CTR_CHECK(arguments.size() == 1,
              "inspect: name one path, as in `ctrengine inspect runs/apg-taobao-1`");
    state->options.split = split_named(state->split);
    fmt::print("{}", inspect(arguments[0], state->options));
    return 0;
  };
  return verb;
}

}  // namespace ctr
