#pragma once
// Sweeps over the small data set.

#include "tests/tools/small_run.h"
#include "tools/sweep/sweep.h"

namespace ctr {

class Sweeps : public SmallRuns {
 protected:
  SweepRequest request;
  SweepEvents events;
  int64_t steps = 0;               // of all calls
  std::vector<std::string> begun;  // runs of all calls

  void SetUp() override {
    SmallRuns::SetUp();
    for (const auto& [name, text] :
         std::vector<std::pair<std::string, std::string>>{{"data", path("data")},
                                                          {"epochs", "3"},
                                                          {"batch_size", "64"},
                                                          {"embedding_dim", "4"},
                                                          {"hidden_units", "8"},
                                                          {"checkpoint_steps", "1"}})
      request.fixed.push_back({name, text, "sweep"});
    events.step = [this](const StepReport&) { ++steps; };
    events.run = [this](const PlannedRun& run) { begun.push_back(run.name); };
  }
  void fix(const std::string& name, const std::string& text) {
    request.fixed.push_back({name, text, "sweep"});
  }
  void unfix(const std::string& name) {
    std::erase_if(request.fixed, [&](const ConfigEntry& entry) { return entry.name == name; });
  }
  SweepResult sweep(const std::string& name = "sweep") {
    return run_sweep(plan_sweep(request), path(name), false, events);
  }
  std::string refusal() {
    return message([this] { plan_sweep(request); });
  }
  std::vector<std::string> names() {
    std::vector<std::string> result;
    for (const PlannedRun& run : plan_sweep(request).runs) result.push_back(run.name);
    return result;
  }
  std::string table() const { return read_text(path("sweep") + "/table.csv"); }
};

}  // namespace ctr
