#include "tools/session.h"

#include <algorithm>

#include "engine/check.h"
#include "engine/nearest.h"
#include "io/batch_loader.h"
#include "tools/fine_tune.h"

namespace ctr {
namespace {

double since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

std::map<std::string, Tensor> copies(const std::map<std::string, Tensor>& tensors) {
  std::map<std::string, Tensor> result;
  for (const auto& [name, value] : tensors) result[name] = value.clone();
  return result;
}

}  // namespace

Session::Session(BuiltModel& built, const Dataset& data, const TrainOptions& options,
                 const TrainEvents& events, const TrainSnapshot* from)
    : built_(built),
      data_(data),
      options_(options),
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
  const StrategyOptions& strategy = options_.strategy;
  if (strategy.name != "joint" && strategy.name != "pcgrad" && strategy.trains_together()) {
    domain_rows_ = std::make_unique<DomainRows>(data, Split::train);
    if (strategy.name == "maml" || strategy.name == "mldg")
      domain_rows_->mix(static_cast<uint64_t>(options_.seed));
  }
  if (!options_.then_train.empty()) held_back_ = hold_back(options_.then_train, built.store());
  if (from != nullptr) state_ = from->state;
  begin_phase();
  if (from != nullptr) take(*from);
  ScheduleOptions& schedule = options_.schedule;
  if (schedule.steps == 0) {
    plan_epoch();
    schedule.steps = options_.epochs * plan_steps_;
    if (options_.max_steps > 0) schedule.steps = std::min(schedule.steps, options_.max_steps);
  }
}

void Session::check_monitored_task() {
  const std::string& task = options_.monitor_task;
  if (task.empty()) return;
  const std::vector<std::string> names = task_names(built_, data_, Split::train);
  CTR_CHECK(names.size() > 1, "train: --monitor-task {} needs a model of several tasks", task);
  CTR_CHECK(std::find(names.begin(), names.end(), task) != names.end(),
            "train: --monitor-task: there is no task '{}'{}", task, advice_on_name(task, names));
}

StrategyContext Session::context() {
  return {built_, data_, options_, optimizer_, step_, domain_rows_.get()};
}

void Session::begin_phase() {
  if (state_.phase == 1) {
    for (Parameter* parameter : held_back_) parameter->frozen = false;
    train_only(options_.then_train, built_.store());
  }
  strategy_ = make_strategy(context());
  built_.set_domain_weights(strategy_->domain_weights());
}

void Session::take(const TrainSnapshot& from) {
  built_.load(from.weights, "checkpoint");
  strategy_->restore(from.strategy);
  if (state_.tuned >= 0) {
    tuning_ = std::make_shared<DomainTuning>(built_, data_, options_, strategy_->domain_weights());
    tuning_->restore(from.strategy);
    built_.set_domain_weights(tuning_);
  } else {
    optimizer_.restore(built_.store(), from.optimizer, state_.updates);
    best_ = copies(from.best);
    best_strategy_ = copies(from.best_strategy);
  }
  step_.balance().restore(state_.balance);
  earlier_seconds_ = state_.seconds;
  saved_step_ = state_.step;
  rate_ = rate_at(options_.schedule, options_.optimizer.learning_rate, state_.step, state_.plateau);
}

bool Session::ended_by_steps() const {
  return options_.max_steps > 0 && state_.step >= options_.max_steps;
}

bool Session::tunes() const { return options_.strategy.tunes(); }

bool Session::more() const {
  if (state_.tuned >= 0 || !options_.strategy.trains_together()) return false;
  const int64_t epochs = built_.model().counts() ? 1 : options_.epochs;
  return state_.epoch - state_.first_epoch < epochs && state_.stop.waiting < options_.patience &&
         !ended_by_steps();
}

bool Session::finished() const {
  if (more()) return false;
  if (state_.tuned < 0 && ended_by_steps()) return true;
  if (!options_.then_train.empty() && state_.phase == 0) return false;
  return !tunes() || (tuning_ != nullptr && state_.tuned == tuning_->domains());
}

void Session::restore_best() {
  if (best_.empty()) return;
  built_.load(best_, "best weights");
  strategy_->restore(best_strategy_);
}

// The best so far is the bar for what comes next.
bool Session::next_phase() {
  if (options_.then_train.empty() || state_.phase == 1 || ended_by_steps()) return false;
  restore_best();
  state_.phase = 1;
  state_.first_epoch = state_.epoch;
  state_.stop.waiting = 0;
  state_.plateau = {};
  optimizer_.restore(built_.store(), {}, 0);
  begin_phase();
  return true;
}

void Session::save() {
  if (saved_step_ == state_.step) return;
  built_.store().catch_up();
  state_.seconds = earlier_seconds_ + since(begin_);
  state_.balance = step_.balance().state();
  state_.updates = optimizer_.steps();
  std::map<std::string, Tensor> strategy = strategy_->state();
  if (tuning_ != nullptr) strategy.merge(tuning_->state());
  events_.save({state_, built_.weights(), optimizer_.state(), strategy, best_, best_strategy_});
  saved_step_ = state_.step;
}

int64_t Session::batches_of(const Pass& pass) {
  const auto rows = rows_of(pass, context());
  const int64_t count = rows ? std::ssize(*rows) : data_.rows(Split::train);
  const int64_t batches = (count + options_.batch_size - 1) / options_.batch_size;
  return pass.most_batches > 0 ? std::min(batches, pass.most_batches) : batches;
}

int64_t Session::steps_of(int64_t batches) const {
  return (batches + options_.accumulate - 1) / options_.accumulate;
}

void Session::plan_epoch() {
  plan_ = strategy_->passes(state_.epoch);
  plan_batches_ = plan_steps_ = 0;
  for (const Pass& pass : plan_) {
    plan_batches_ += batches_of(pass);
    plan_steps_ += steps_of(batches_of(pass));
  }
}

StepReport Session::count(const std::vector<Batch>& batches) {
  for (const Batch& batch : batches) {
    built_.model().observe(batch);
    state_.rows_seen += batch.rows;
    epoch_rows_ += batch.rows;
  }
  optimizer_.advance();
  return {};
}

void Session::step(const Pass& pass, const std::vector<Batch>& batches) {
  AllocatorScope scope(arena_);
  StepReport report;
  rate_ =
      rate_at(options_.schedule, options_.optimizer.learning_rate, state_.step + 1, state_.plateau);
  if (built_.model().counts()) {
    report = count(batches);
  } else {
    optimizer_.set_learning_rate(rate_);
    const StepResult result = strategy_->step(pass, batches, state_.step);
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
  report.step_of_epoch = steps_before_ + steps_of(state_.batch - pass_begin_);
  report.steps_per_epoch = plan_steps_;
  report.epoch_loss = state_.loss_sum / static_cast<double>(state_.rows_seen);
  report.learning_rate = rate_;
  report.samples_per_s = static_cast<double>(epoch_rows_) / since(epoch_begin_);
  events_.step(report);
  if (options_.digest_steps > 0 && state_.step % options_.digest_steps == 0) {
    built_.store().catch_up();
    events_.digest(state_.step, built_.store());
  }
}

void Session::run_pass(const Pass& pass, size_t index, int64_t begin, int64_t end) {
  LoaderOptions reading;
  reading.batch_size = options_.batch_size;
  reading.shuffle = true;
  reading.seed = static_cast<uint64_t>(options_.seed);
  // Each pass of the run has an order of its own.
  reading.epoch = static_cast<uint32_t>((state_.epoch - 1) * std::ssize(plan_) +
                                        static_cast<int64_t>(index) + 1);
  reading.first_batch = state_.batch - begin;
  reading.workers = options_.workers;
  reading.rows = rows_of(pass, context());
  if (reading.first_batch == 0 && pass.before) pass.before();
  BatchLoader loader(data_, Split::train, reading);
  built_.store().mode().training = true;
  while (state_.batch < end && more() && !stopped_) {
    std::vector<Batch> batches;
    const int64_t most = std::min(options_.accumulate, end - state_.batch);
    for (Batch batch; std::ssize(batches) < most && loader.next(batch);)
      batches.push_back(std::move(batch));
    step(pass, batches);
    if (state_.batch == end && pass.after) pass.after();
    const bool inside = state_.batch < plan_batches_;
    if (inside && options_.checkpoint_steps > 0 && state_.step % options_.checkpoint_steps == 0)
      save();
    stopped_ = events_.stop();
  }
  built_.store().mode().training = false;
}

void Session::run_epoch() {
  plan_epoch();
  epoch_begin_ = Clock::now();
  epoch_rows_ = 0;
  int64_t begin = 0;
  steps_before_ = 0;
  for (size_t p = 0; p < plan_.size() && more() && !stopped_; ++p) {
    const int64_t batches = batches_of(plan_[p]);
    pass_begin_ = begin;
    if (state_.batch < begin + batches) run_pass(plan_[p], p, begin, begin + batches);
    begin += batches;
    steps_before_ += steps_of(batches);
  }
  rows_ += epoch_rows_;
  step_seconds_ += since(epoch_begin_);
  if (state_.batch >= plan_batches_) {
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
    best_ = copies(built_.weights());
    best_strategy_ = copies(strategy_->state());
  } else if (options_.strategy.reload_best) {
    restore_best();
  }
  observe_epoch(options_.schedule, report.best, state_.plateau);
  report.whole = state_.batch == plan_batches_;
  report.seconds = since(epoch_begin_);
  ++state_.epoch;
  state_.batch = 0;
  state_.loss_sum = 0;
  state_.rows_seen = 0;
  events_.epoch(report);
}

void Session::tune_domains() {
  if (tuning_ == nullptr) {
    restore_best();
    best_.clear();
    best_strategy_.clear();
    tuning_ = std::make_shared<DomainTuning>(built_, data_, options_, strategy_->domain_weights());
    built_.set_domain_weights(tuning_);
    state_.tuned = 0;
  }
  while (state_.tuned < tuning_->domains() && !stopped_) {
    std::optional<DomainReport> report =
        tuning_->tune(state_.tuned, state_.step, step_.on_non_finite(),
                      [&] { return stopped_ = events_.stop(); });
    tuning_->put(-1);
    if (!report) break;
    report->step = state_.step += report->steps;
    ++state_.tuned;
    events_.domain(*report);
    save();
  }
}

TrainReport Session::run() {
  do {
    while (more() && !stopped_) {
      run_epoch();
      if (state_.batch > 0) {  // ended inside the epoch: a resumed run goes on from here
        save();
        break;
      }
    }
  } while (!stopped_ && !more() && next_phase());
  if (!stopped_ && tunes() && (state_.tuned >= 0 || !ended_by_steps())) tune_domains();
  TrainReport report;
  report.interrupted = stopped_ && !finished();
  if (!report.interrupted && state_.batch > 0) end_epoch();  // for this run's report alone
  report.steps = state_.step;
  report.measured = state_.measured;
  report.best_epoch = state_.stop.best_epoch;
  report.seconds = earlier_seconds_ + since(begin_);
  if (step_seconds_ > 0) report.samples_per_s = static_cast<double>(rows_) / step_seconds_;
  if (report.interrupted) return report;
  if (tuning_ == nullptr) restore_best();
  report.test = evaluate_on(Split::test);
  report.seconds = earlier_seconds_ + since(begin_);
  return report;
}

}  // namespace ctr
