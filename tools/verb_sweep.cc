#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "engine/check.h"
#include "io/file.h"
#include "tools/sweep/progress.h"
#include "tools/sweep/summary.h"
#include "tools/sweep/sweep.h"
#include "tools/verbs.h"

namespace ctr {
namespace {

struct State {
  TrainOptions train;  // what these hold is not read: each run sets its own anew
  ModelOptions model;
  SweepRequest request;
  std::string out, json;
  bool plan = false, keep_checkpoints = false;
  std::vector<ConfigEntry> given;
};

int print_plan(const SweepPlan& plan) {
  const std::vector<int64_t> parameters = check_sweep(plan);
  for (size_t i = 0; i < plan.runs.size(); ++i) {
    const PlannedRun& run = plan.runs[i];
    fmt::print("{} {}  {} parameters\n", position_text(i, plan.runs.size()), run.name,
               parameters[run.combination]);
  }
  return 0;
}

int run(State& state) {
  state.request.fixed = options_of_every_run(state.given);
  const SweepPlan plan = plan_sweep(state.request);
  if (state.plan) return print_plan(plan);
  CTR_CHECK(!state.out.empty(),
            "sweep: --out DIRECTORY is missing: where runs and their table go, and where the same "
            "command goes on");
  fmt::print("sweep     {}: {} runs, {} combinations by {} seeds\n", state.out, plan.runs.size(),
             plan.combinations(), plan.seeds.size());
  std::fflush(stdout);
  return run_sweep_here(plan, state.out, state.keep_checkpoints, [&](const SweepResult& result) {
    const SweepSummary summary = summarise(plan, result);
    fmt::print("\n{}\nruns and table.csv are in {}\n", text_of(plan, summary), state.out);
    if (!state.json.empty()) write_text_atomically(state.json, json_of(plan, result, summary));
  });
}

}  // namespace

Verb sweep_verb() {
  auto state = std::make_shared<State>();
  SweepRequest& request = state->request;
  Verb verb;
  verb.name = "sweep";
  verb.summary =
      "train every combination of options and seeds, into one table; goes on where it stopped";
  verb.examples = {
      "ctrengine sweep --data taobao --model lr,mlp --seeds 1,2,3 --grid learning-rate=1e-3,5e-4 "
      "--grid dropout=0,0.2 --out sweeps/taobao",
      "ctrengine sweep --data data/frappe --configs "
      "configs/frappe/lr.json,configs/frappe/deepfm.json "
      "--seeds 1,2,3 --out sweeps/frappe"};
  verb.options.add(
      {"model", &request.models, "models, with commas; `ctrengine models` lists them"});
  verb.options.add({"seeds", &request.seeds, "seeds of every combination", {}, 0, 9e15});
  Option grid{"grid", &request.grids,
              "OPTION=VALUE,VALUE…, for each option to vary; lists as 256,128/400,400"};
  grid.repeats = true;
  verb.options.add(grid);
  verb.options.add({"configs", &request.configs,
                    "files as `train --config` takes them, each one a value to vary"});
  verb.options.add({"out", &state->out, "the sweep's directory: new, or of this very sweep"});
  verb.options.add({"json", &state->json, "a file for runs and summary as JSON"});
  verb.options.add({"plan", &state->plan, "check all combinations, list the runs and stop"});
  verb.options.add({"keep_checkpoints", &state->keep_checkpoints,
                    "also keep what `train --resume` needs of runs that are done"});
  const OptionList of_train = joined(state->train.list(), state->model.list());
  for (const Option& option : of_train.all())
    if (option.name != "model" && option.name != "seed") verb.options.add(option);
  verb.given = [state](const std::vector<ConfigEntry>& entries) { state->given = entries; };
  verb.run = [state](const std::vector<std::string>&) { return run(*state); };
  return verb;
}

}  // namespace ctr
