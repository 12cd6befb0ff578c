#pragma once
// One training run in progress; `train` makes it (tools/trainer.h).

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/allocator.h"
#include "tools/early_stop.h"
#include "tools/scores.h"
#include "tools/strategy/domain_tuning.h"
#include "tools/strategy/strategy.h"
#include "tools/trainer.h"

namespace ctr {

class Session {
 public:
  Session(BuiltModel& built, const Dataset& data, const TrainOptions& options,
          const TrainEvents& events, const TrainSnapshot* from);

  TrainReport run();

 private:
  using Clock = std::chrono::steady_clock;

  void check_monitored_task();
  // Sets what is trained in a phase of --then-train, and the strategy for it.
  void begin_phase();
  void take(const TrainSnapshot& from);
  StrategyContext context();

  bool more() const;
  bool ended_by_steps() const;
  // False when there is no other.
  bool next_phase();
  bool tunes() const;  // domains are to be trained alone, or are
  bool finished() const;

  // Steps to the end of the epoch, of --max-steps, or until events.stop().
  void run_epoch();
  // From batch `state_.batch` of the epoch to the pass's end, batch `end`: pass number `index` of
  // the epoch, its first batch `begin`.
  void run_pass(const Pass& pass, size_t index, int64_t begin, int64_t end);
  void step(const Pass& pass, const std::vector<Batch>& batches);
  StepReport count(const std::vector<Batch>& batches);
  // Scores the valid split and closes the epoch.
  void end_epoch();
  void tune_domains();
  void restore_best();
  void save();
  Metrics evaluate_on(Split split) {
    return evaluate(built_, data_, split, std::max<int64_t>(options_.batch_size, 4096),
                    monitors_ranks(options_.monitor) ? Ranks::always : Ranks::of_clicks_alone);
  }

  // Of the plan of the epoch.
  int64_t batches_of(const Pass& pass);
  int64_t steps_of(int64_t batches) const;
  void plan_epoch();

  BuiltModel& built_;
  const Dataset& data_;
  TrainOptions options_;  // with what depends on the data filled in
  const TrainEvents& events_;
  Optimizer optimizer_;
  TrainStep step_;
  std::unique_ptr<DomainRows> domain_rows_;
  std::unique_ptr<Strategy> strategy_;
  std::shared_ptr<DomainTuning> tuning_;  // once it has begun
  std::vector<Parameter*> held_back_;     // by --then-train
  TrainState state_;
  std::map<std::string, Tensor> best_, best_strategy_;
  std::shared_ptr<Arena> arena_ = std::make_shared<Arena>();

  std::vector<Pass> plan_;
  int64_t plan_batches_ = 0, plan_steps_ = 0;
  int64_t pass_begin_ = 0, steps_before_ = 0;  // of the pass in progress, within the epoch

  int64_t saved_step_ = -1;
  bool stopped_ = false;  // by events.stop
  double rate_ = 0;       // of the last step
  double earlier_seconds_ = 0;
  Clock::time_point begin_ = Clock::now();
  Clock::time_point epoch_begin_ = Clock::now();
  int64_t epoch_rows_ = 0;  // since epoch_begin_
  int64_t rows_ = 0;        // since begin_
  double step_seconds_ = 0;
};

}  // namespace ctr
