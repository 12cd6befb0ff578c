#include <memory>

#include <fmt/format.h>

#include "engine/check.h"
#include "tools/loaded_run.h"
#include "tools/predictions.h"
#include "tools/raw_predictions.h"
#include "tools/top_predictions.h"
#include "tools/verbs.h"

namespace ctr {
namespace {

struct State {
  std::string data;
  std::string csv;
  std::string delimiter = "comma";
  std::string split = "test";
  std::string out;
  int64_t batch_size = 4096, top = 0;
};

int write_top(const std::vector<std::string>& runs, const State& state) {
  PatchSets sets(runs);
  const Dataset data = open_for(sets.first(), state.data);
  const int64_t rows =
      write_top_items(sets, data, split_named(state.split), state.batch_size, state.top, state.out);
  if (runs.size() > 1) {
    int64_t own = 0;
    for (const PatchSets::Task& task : sets.tasks()) own += task.own_bytes;
    fmt::print("{} tasks on one network: {} kB shared, {} kB their own\n", runs.size(),
               sets.shared_bytes() / 1000, own / 1000);
  }
  fmt::print("the {} best items of {} rows of {} of {} are in {}\n", state.top, rows, state.split,
             data.schema.name, state.out);
  return 0;
}

int run(const std::vector<std::string>& runs, const State& state) {
  const std::string& path = runs.front();
  CTR_CHECK(!state.out.empty(), "predict: name the file to write, as in --out predictions.csv");
  CTR_CHECK(
      runs.size() == 1 || state.top > 0,
      "predict: {} runs are tasks on one network, whose best items --top N asks for; name one "
      "run for probabilities",
      runs.size());
  if (!state.csv.empty()) {
    CTR_CHECK(state.top == 0,
              "predict: --top needs rows of a prepared data set; prepare the raw ones with "
              "--vocabulary-of {}, then name them by --data",
              path);
    CTR_CHECK(state.data.empty(), "predict: --csv and --data name two inputs; leave one out");
    const int64_t rows = write_raw_predictions(
        path, state.csv, state.delimiter == "tab" ? '\t' : ',', state.batch_size, state.out);
    fmt::print("{} click probabilities of {} are in {}\n", rows, state.csv, state.out);
    return 0;
  }
  if (state.top > 0) return write_top(runs, state);
  LoadedRun loaded = load_run(path);
  const Dataset data = open_for(loaded, state.data);
  const int64_t rows =
      write_predictions(*loaded.built, data, split_named(state.split), state.batch_size, state.out);
  fmt::print("{} click probabilities of {} on {} of {} are in {}\n", rows, loaded.file.train.model,
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
      "ctrengine predict runs/apg-taobao-1 --data taobao --split valid --out valid.csv",
      "ctrengine predict runs/deepfm-clicks-1 --csv new.csv.gz --out predictions.csv",
      "ctrengine predict runs/peterrec-food-1 --top 10 --out best.csv",
      "ctrengine predict runs/gender runs/occupation --top 3 --out told.csv"};
  verb.arguments = "RUN";
  OptionList& list = verb.options;
  list.add({"data", &state->data, "another prepared data set; empty: the run's own"});
  list.add({"csv", &state->csv,
            "raw rows to score: text whose header names the columns that the data was prepared "
            "from; the run alone is needed"});
  list.add({"delimiter", &state->delimiter, "what separates raw cells", {"comma", "tab"}});
  list.add({"split", &state->split, "the split to score", {"train", "valid", "test"}});
  list.add(
      {"out", &state->out,
       "the file to write: row, probability and, of a data set, label; of several tasks each"});
  list.add({"batch_size", &state->batch_size, "rows scored at a time", {}, 1, 1 << 24});
  list.add(
      {"top",
       &state->top,
       "instead, so many best items of each row: row, rank, item, score; of several runs on one "
       "pre-trained network the best of each task; 0: probabilities",
       {},
       0,
       1e6});
  verb.run = [state](const std::vector<std::string>& arguments) {
    CTR_CHECK(!arguments.empty(),
              "predict: name a run directory, as in `ctrengine predict runs/apg-taobao-1 --out "
              "predictions.csv`");
    return run(arguments, *state);
  };
  return verb;
}

}  // namespace ctr
