#pragma once
// Runs a sweep's trainings one after the other, and goes on where an earlier process stopped.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tools/sweep/folder.h"
#include "tools/sweep/table.h"
#include "tools/trainer.h"

namespace ctr {

// What happens on the way.
struct SweepEvents {
  // Before the first run; how many are done, were begun, are still to begin.
  std::function<void(int64_t done, int64_t begun, int64_t fresh)> begin = [](int64_t, int64_t,
                                                                             int64_t) {};
  std::function<void(const PlannedRun&)> run = [](const PlannedRun&) {};
  std::function<void(const StepReport&)> step = [](const StepReport&) {};
  // A line about a run: a checkpoint that had to be passed over.
  std::function<void(const std::string&)> note = [](const std::string&) {};
  // After each run; its row is in the table.
  std::function<void(const PlannedRun&, const SweepRow&)> row = [](const PlannedRun&,
                                                                   const SweepRow&) {};
  // Asked between steps and between runs: true ends the sweep there, after a save.
  std::function<bool()> stop = [] { return false; };
};

struct SweepResult {
  std::vector<SweepRow> rows;  // of the plan's runs that have ended, in its order
  std::vector<size_t> runs;    // the run of each row, by its place in the plan
  bool interrupted = false;
  int64_t failed() const;
};

// The model of a run before its first step: with the weights of --from, and what is not --trainable
// frozen.
std::unique_ptr<BuiltModel> built_run(const PlannedRun& run, const Dataset& data);

// Builds the model of every combination that has a run to do, then trains what is not done. A run
// that fails is put into the table with its error, and tried again by the next call; the others go
// on. `keep_checkpoints`: else a finished run keeps its weights alone. Throws kind usage or data,
// naming the combination, when a model cannot be built: no run has begun then.
SweepResult run_sweep(const SweepPlan& plan, const std::string& path, bool keep_checkpoints,
                      const SweepEvents& events);

// Parameters that training moves, by combination; throws as run_sweep does before it begins.
std::vector<int64_t> check_sweep(const SweepPlan& plan);

}  // namespace ctr
