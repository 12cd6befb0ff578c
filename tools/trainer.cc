#include "tools/trainer.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>

#include "engine/allocator.h"
#include "engine/check.h"
#include "engine/nearest.h"
#include "io/batch_loader.h"
#include "tools/scores.h"
#include "tools/train_step.h"

namespace ctr {
namespace {

using Clock = std::chrono::steady_clock;
double since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// Options with what depends on the data filled in.
TrainOptions resolved(TrainOptions options, int64_t rows) {
  ScheduleOptions& schedule = options.schedule;
  if (schedule.steps == 0) {
    schedule.steps = options.epochs * steps_per_epoch(options, rows);
    if (options.max_steps > 0) schedule.steps = std::min(schedule.steps, options.max_steps);
  }
  return options;
}

class Session {
 public:
  Session(BuiltModel& built, const Dataset& data, const TrainOptions& options,
          const TrainEvents& events, const TrainSnapshot* from)
      : built_(built),
        data_(data),
        options_(resolved(options, data.rows(Split::train))),
        events_(events),
        optimizer_(options.optimizer),
        step_(
            built, data.schema, optimizer_, options.clip_norm,
            [this](NonFinite& found) {
              found.epoch = state_.epoch;
              events_.non_finite(found);
            },
            TaskBalance(options)) {
    check_monitored_task();
    if (from != nullptr) take(*from);
  }

  TrainReport run();

 private:
  void check_monitored_task();
  void take(const TrainSnapshot& from);
  bool more() const;
  // Steps to the end of the epoch, of --max-steps, or until events.stop().
  void run_epoch();
  void step(const std::vector<Batch>& batches, int64_t batches_of_epoch);
  // Scores the valid split and closes the epoch.
  void end_epoch();
  void save();
  Metrics evaluate_on(Split split) {
    return evaluate(built_, data_, split, std::max<int64_t>(options_.batch_size, 4096));
  }

  BuiltModel& built_;
  const Dataset& data_;
  const TrainOptions options_;
  const TrainEvents& events_;
  Optimizer optimizer_;
  TrainStep step_;
  TrainState state_;
  std::map<std::string, Tensor> best_;
  std::shared_ptr<Arena> arena_ = std::make_shared<Arena>();
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

void Session::check_monitored_task() {
  const std::string& task = options_.monitor_task;
  if (task.empty()) return;
  const std::vector<std::string> names = task_names(built_, data_, Split::train);
  CTR_CHECK(names.size() > 1, "train: --monitor-task {} needs a model of several tasks", task);
  CTR_CHECK(std::find(names.begin(), names.end(), task) != names.end(),
            "train: --monitor-task: there is no task '{}'{}", task, advice_on_name(task, names));
}

void Session::take(const TrainSnapshot& from) {
  state_ = from.state;
  built_.load(from.weights, "checkpoint");
  optimizer_.restore(built_.store(), from.optimizer, state_.step);
  for (const auto& [name, value] : from.best) best_[name] = value.clone();
  step_.balance().restore(state_.balance);
  earlier_seconds_ = state_.seconds;
  saved_step_ = state_.step;
  rate_ = rate_at(options_.schedule, options_.optimizer.learning_rate, state_.step, state_.plateau);
}

bool Session::more() const {
  const int64_t epochs = built_.model().counts() ? 1 : options_.epochs;
  return state_.epoch <= epochs && state_.stop.waiting < options_.patience &&
         (options_.max_steps == 0 || state_.step < options_.max_steps);
}

void Session::save() {
  if (saved_step_ == state_.step) return;
  built_.store().catch_up();
  state_.seconds = earlier_seconds_ + since(begin_);
  state_.balance = step_.balance().state();
  events_.save({state_, built_.weights(), optimizer_.state(), best_});
  saved_step_ = state_.step;
}

void Session::step(const std::vector<Batch>& batches, int64_t batches_of_epoch) {
  AllocatorScope scope(arena_);
  StepReport report;
  rate_ =
      rate_at(options_.schedule, options_.optimizer.learning_rate, state_.step + 1, state_.plateau);
  if (built_.model().counts()) {
    for (const Batch& batch : batches) {
      built_.model().observe(batch);
      state_.rows_seen += batch.rows;
      epoch_rows_ += batch.rows;
    }
    optimizer_.advance();
  } else {
    optimizer_.set_learning_rate(rate_);
    const StepResult result =
        step_(batches, static_cast<uint32_t>(state_.step * options_.accumulate));
    report.loss = result.loss;
    report.gradient_norm = result.gradient_norm;
    if (result.task_loss.size() > 1) report.task_loss = result.task_loss;
    report.task_weights = result.task_weights;
    state_.measured += result.measured ? 1 : 0;
    state_.loss_sum += result.loss * static_cast<double>(result.rows);
    state_.rows_seen += result.rows;
    epoch_rows_ += result.rows;
  }
  state_.batch += static_cast<int64_t>(batches.size());
  report.step = ++state_.step;
  report.epoch = state_.epoch;
  report.step_of_epoch = (state_.batch + options_.accumulate - 1) / options_.accumulate;
  report.steps_per_epoch = (batches_of_epoch + options_.accumulate - 1) / options_.accumulate;
  report.epoch_loss = state_.loss_sum / static_cast<double>(state_.rows_seen);
  report.learning_rate = rate_;
  report.samples_per_s = static_cast<double>(epoch_rows_) / since(epoch_begin_);
  events_.step(report);
  if (options_.digest_steps > 0 && state_.step % options_.digest_steps == 0) {
    built_.store().catch_up();
    events_.digest(state_.step, built_.store());
  }
}

void Session::run_epoch() {
  LoaderOptions reading;
  reading.batch_size = options_.batch_size;
  reading.shuffle = true;
  reading.seed = static_cast<uint64_t>(options_.seed);
  reading.epoch = static_cast<uint32_t>(state_.epoch);
  reading.first_batch = state_.batch;
  reading.workers = options_.workers;
  BatchLoader loader(data_, Split::train, reading);
  epoch_begin_ = Clock::now();
  epoch_rows_ = 0;
  built_.store().mode().training = true;
  while (state_.batch < loader.batches() && more() && !stopped_) {
    std::vector<Batch> batches;
    for (Batch batch; std::ssize(batches) < options_.accumulate && loader.next(batch);)
      batches.push_back(std::move(batch));
    step(batches, loader.batches());
    const bool inside = state_.batch < loader.batches();
    if (inside && options_.checkpoint_steps > 0 && state_.step % options_.checkpoint_steps == 0)
      save();
    stopped_ = events_.stop();
  }
  built_.store().mode().training = false;
  rows_ += epoch_rows_;
  step_seconds_ += since(epoch_begin_);
  if (state_.batch >= loader.batches()) {
    end_epoch();
    save();
  }
}

void Session::end_epoch() {
  built_.store().catch_up();
  EpochReport report;
  report.epoch = state_.epoch;
  report.step = state_.step;
  report.train_loss =
      state_.rows_seen == 0 ? 0 : state_.loss_sum / static_cast<double>(state_.rows_seen);
  report.learning_rate = rate_;
  report.measured = state_.measured;
  report.valid = evaluate_on(Split::valid);
  report.best =
      state_.stop.observe(monitored(options_.monitor, report.valid, options_.monitor_task),
                          options_.min_improvement, state_.epoch, state_.step);
  if (report.best) {
    for (const auto& [name, value] : built_.weights()) best_[name] = value.clone();
  }
  observe_epoch(options_.schedule, report.best, state_.plateau);
  report.whole =
      state_.batch == (data_.rows(Split::train) + options_.batch_size - 1) / options_.batch_size;
  report.seconds = since(epoch_begin_);
  ++state_.epoch;
  state_.batch = 0;
  state_.loss_sum = 0;
  state_.rows_seen = 0;
  events_.epoch(report);
}

TrainReport Session::run() {
  while (more() && !stopped_) {
    run_epoch();
    if (state_.batch > 0) {  // ended inside the epoch: a resumed run goes on from here
      save();
      break;
    }
  }
  TrainReport report;
  report.interrupted = stopped_ && more();
  if (!report.interrupted && state_.batch > 0) end_epoch();  // for this run's report alone
  report.steps = state_.step;
  report.measured = state_.measured;
  report.best_epoch = state_.stop.best_epoch;
  report.seconds = earlier_seconds_ + since(begin_);
  if (step_seconds_ > 0) report.samples_per_s = static_cast<double>(rows_) / step_seconds_;
  if (report.interrupted) return report;
  if (!best_.empty()) built_.load(best_, "best weights");
  report.test = evaluate_on(Split::test);
  report.seconds = earlier_seconds_ + since(begin_);
  return report;
}

}  // namespace

int64_t steps_per_epoch(const TrainOptions& options, int64_t rows) {
  const int64_t batches = (rows + options.batch_size - 1) / options.batch_size;
  return (batches + options.accumulate - 1) / options.accumulate;
}

void check_training(const Dataset& data, const TrainOptions& options) {
  const Schema& schema = data.schema;
  CTR_CHECK_DATA(data.rows(Split::train) > 0, "train: data set '{}' has no training rows",
                 schema.name);
  CTR_CHECK(options.monitor != "gauc" || schema.index_of(FieldRole::group) >= 0 ||
                schema.index_of(FieldRole::user) >= 0,
            "train: --monitor gauc needs a field with the role user or group; '{}' has none",
            schema.name);
}

TrainReport train(BuiltModel& built, const Dataset& data, const TrainOptions& options,
                  const TrainEvents& events, const TrainSnapshot* from) {
  check_training(data, options);
  return Session(built, data, options, events, from).run();
}

}  // namespace ctr
