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

int run(const std::string& path, const State& state) {
  CTR_CHECK(!state.out.empty(), "predict: name the file to write, as in --out predictions.csv");
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
  LoadedRun loaded = load_run(path);
  const Dataset data = open_for(loaded, state.data);
  if (state.top > 0) {
    const int64_t ranked =
        write_top_items(*loaded.built, loaded.file, data, split_named(state.split),
                        state.batch_size, state.top, state.out);
    fmt::print("the {} best items of {} rows of {} of {} are in {}\n", state.top, ranked,
               state.split, data.schema.name, state.out);
    return 0;
  }
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
      "ctrengine predict runs/peterrec-food-1 --top 10 --out best.csv"};
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
  list.add({"top",
            &state->top,
            "instead, so many best items of each row: row, rank, item, score; 0: probabilities",
            {},
            0,
            1e6});
  verb.run = [state](const std::vector<std::string>& arguments) {
    CTR_CHECK(arguments.size() == 1,
              "predict: name one run directory, as in `ctrengine predict runs/apg-taobao-1 --out "
              "predictions.csv`");
    return run(arguments[0], *state);
  };
  return verb;
}

}  // namespace ctr
