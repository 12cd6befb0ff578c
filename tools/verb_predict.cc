#include <memory>

#include <fmt/format.h>

#include "engine/check.h"
#include "tools/loaded_run.h"
#include "tools/predictions.h"
#include "tools/verbs.h"

namespace ctr {
namespace {

struct State {
  std::string data;
  std::string split = "test";
  std::string out;
  int64_t batch_size = 4096;
};

int run(const std::string& path, const State& state) {
  CTR_CHECK(!state.out.empty(), "predict: name the file to write, as in --out predictions.csv");
  LoadedRun loaded = load_run(path);
  const Dataset data = open_for(loaded, state.data);
  const int64_t rows =
      write_predictions(*loaded.built, data, split_named(state.split), state.batch_size, state.out);
  fmt::print("{} click probabilities of {} on {} of {} are in {}\n", rows, loaded.saved.train.model,
             state.split, data.schema.name, state.out);
  return 0;
}

}  // namespace

Verb predict_verb() {
  auto state = std::make_shared<State>();
  Verb verb;
  verb.name = "predict";
  verb.summary = "write a run's click probabilities to a CSV file";
  verb.examples = {
      "ctrengine predict runs/apg-taobao-1 --out predictions.csv",
      "ctrengine predict runs/apg-taobao-1 --data taobao --split valid --out valid.csv"};
  verb.arguments = "RUN";
  OptionList& list = verb.options;
  list.add({"data", &state->data, "another prepared data set; empty: the run's own"});
  list.add({"split", &state->split, "the split to score", {"train", "valid", "test"}});
  list.add({"out", &state->out, "the file to write: row, probability, label"});
  list.add({"batch_size", &state->batch_size, "rows scored at a time", {}, 1, 1 << 24});
  verb.run = [state](const std::vector<std::string>& arguments) {
    CTR_CHECK(arguments.size() == 1,
              "predict: name one run directory, as in `ctrengine predict runs/apg-taobao-1 --out "
              "predictions.csv`");
    return run(arguments[0], *state);
  };
  return verb;
}

}  // namespace ctr
