#pragma once
// What a sweep says on the terminal while it runs.

#include <functional>
#include <string>

#include "tools/sweep/sweep.h"

namespace ctr {

// "[ 3/36]", counted from 1.
std::string position_text(size_t index, size_t count);

// Prints a line per run; on a terminal, how far the present one is.
class SweepProgress {
 public:
  explicit SweepProgress(const SweepPlan& plan);  // which must outlive this

  // Ctrl-C ends the sweep where InterruptScope is in force.
  SweepEvents events();

 private:
  void begin(int64_t done, int64_t begun, int64_t fresh) const;
  void run(const PlannedRun& run);
  void step(const StepReport& report) const;
  void row(const SweepRow& row) const;
  void line(const std::string& text) const;

  const SweepPlan& plan_;
  bool terminal_;
  std::string place_, name_;
};

// run_sweep, told on the terminal and ended by Ctrl-C; then `report`, unless it was interrupted.
// Returns the program's exit code: 1 when runs failed, 130 when interrupted.
int run_sweep_here(const SweepPlan& plan, const std::string& path, bool keep_checkpoints,
                   const std::function<void(const SweepResult&)>& report);

}  // namespace ctr
