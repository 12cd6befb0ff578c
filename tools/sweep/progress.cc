#include "tools/sweep/progress.h"

#include <unistd.h>

#include <cmath>
#include <cstdio>

#include <fmt/format.h>

#include "tools/interrupt.h"

namespace ctr {

std::string position_text(size_t index, size_t count) {
  return fmt::format("[{:>{}}/{}]", index + 1, std::to_string(count).size(), count);
}

SweepProgress::SweepProgress(const SweepPlan& plan)
    : plan_(plan), terminal_(isatty(STDOUT_FILENO) != 0) {}

void SweepProgress::begin(int64_t done, int64_t begun, int64_t fresh) const {
  if (done + begun > 0)
    fmt::print("found     {} runs done, which are skipped; {} begun, which go on; {} new\n", done,
               begun, fresh);
  fmt::print("\n");
  std::fflush(stdout);
}

void SweepProgress::run(const PlannedRun& run) {
  place_ = position_text(static_cast<size_t>(&run - plan_.runs.data()), plan_.runs.size());
  name_ = run.name;
}

void SweepProgress::step(const StepReport& report) const {
  if (!terminal_ || (report.step % 8 != 0 && report.step_of_epoch != report.steps_per_epoch))
    return;
  fmt::print("\r{} {}  epoch {} {:.0f} %  loss {:.4f}  {:.0f} samples/s \x1b[K", place_, name_,
             report.epoch,
             100.0 * static_cast<double>(report.step_of_epoch) /
                 static_cast<double>(report.steps_per_epoch),
             report.epoch_loss, report.samples_per_s);
  std::fflush(stdout);
}

void SweepProgress::row(const SweepRow& row) const {
  if (!row.done()) return line(fmt::format("{} {}  failed: {}", place_, name_, row.error));
  std::string test;
  if (row.test.ranking.defined())
    test = fmt::format("test HR@1 {:.5f}  HR@10 {:.5f}  NDCG@10 {:.5f}", row.test.ranking.hr1,
                       row.test.ranking.hr10, row.test.ranking.ndcg10);
  if (!std::isnan(row.test.auc) || test.empty())
    test += fmt::format("{}valid AUC {:.5f}  test AUC {:.5f}  log-loss {:.5f}",
                        test.empty() ? "" : "  ", row.valid.auc, row.test.auc, row.test.logloss);
  line(fmt::format("{} {}  best epoch {} of {}  {}  {:.1f} s", place_, name_, row.best_epoch,
                   row.epochs, test, row.seconds));
}

void SweepProgress::line(const std::string& text) const {
  fmt::print("{}{}\n", terminal_ ? "\r\x1b[K" : "", text);
  std::fflush(stdout);
}

SweepEvents SweepProgress::events() {
  SweepEvents events;
  events.begin = [this](int64_t done, int64_t begun, int64_t fresh) { begin(done, begun, fresh); };
  events.run = [this](const PlannedRun& one) { run(one); };
  events.step = [this](const StepReport& report) { step(report); };
  events.note = [this](const std::string& text) { line("note      " + text); };
  events.row = [this](const PlannedRun&, const SweepRow& one) { row(one); };
  events.stop = [] { return InterruptScope::requested(); };
  return events;
}

int run_sweep_here(const SweepPlan& plan, const std::string& path, bool keep_checkpoints,
                   const std::function<void(const SweepResult&)>& report) {
  SweepProgress progress(plan);
  SweepResult result;
  {
    InterruptScope interrupt;
    result = run_sweep(plan, path, keep_checkpoints, progress.events());
  }
  if (result.interrupted) {
    fmt::print("\ninterrupted with {} of {} runs in {}/table.csv; the same command goes on\n",
               result.rows.size(), plan.runs.size(), path);
    return 130;
  }
  report(result);
  if (result.failed() == 0) return 0;
  fmt::print(
      "{} runs failed; the column 'error' of {}/table.csv says why, and the same command tries "
      "them again\n",
      result.failed(), path);
  return 1;
}

}  // namespace ctr
