#include "tools/strategy/domain_tuning.h"

#include <cmath>

#include <fmt/format.h>

#include "engine/allocator.h"
#include "io/batch_loader.h"
#include "tools/early_stop.h"
#include "tools/scores.h"

namespace ctr {
namespace {

std::string own_prefix(size_t domain) { return fmt::format("tuned/{}/", domain); }

}  // namespace

DomainTuning::Rule DomainTuning::rule_of(const TrainOptions& options) {
  if (options.strategy.name == "separate")
    return {options.optimizer, options.patience, options.epochs, options.min_improvement};
  const StrategyOptions& strategy = options.strategy;
  Rule rule{options.optimizer, strategy.finetune_patience, strategy.finetune_epochs,
            strategy.finetune_min_improvement};
  if (strategy.finetune_optimizer == "sgd") rule.optimizer.rule = "sgd";
  rule.optimizer.learning_rate = strategy.finetune_learning_rate;
  return rule;
}

DomainTuning::DomainTuning(BuiltModel& built, const Dataset& data, const TrainOptions& options,
                           std::shared_ptr<DomainWeights> base)
    : built_(built),
      data_(data),
      options_(options),
      rule_(rule_of(options)),
      base_(std::move(base)),
      train_(data, Split::train),
      valid_(data, Split::valid),
      live_(ParameterSet::trained_and_states(built.store())),
      shared_(live_.copy()),
      own_(static_cast<size_t>(train_.domains())) {}

void DomainTuning::put(int64_t domain) {
  const bool own = domain >= 0 && !own_[static_cast<size_t>(domain)].empty();
  live_.assign(own ? own_[static_cast<size_t>(domain)] : shared_);
  changed(built_.store());
  if (!own && domain >= 0 && base_ != nullptr) base_->put(domain);
}

double DomainTuning::valid_auc(int64_t domain) {
  const Metrics metrics = evaluate_rows(built_, data_, Split::valid, valid_.of(domain),
                                        std::max<int64_t>(options_.batch_size, 4096));
  return monitored("auc", metrics, options_.monitor_task);
}

bool DomainTuning::run_epoch(DomainReport& report, TrainStep& step, int64_t first_step,
                             const std::shared_ptr<Arena>& arena,
                             const std::function<bool()>& stop) {
  LoaderOptions reading;
  reading.batch_size = options_.batch_size;
  reading.shuffle = true;
  reading.seed = static_cast<uint64_t>(options_.seed);
  reading.epoch = static_cast<uint32_t>(++report.epochs);
  reading.workers = options_.workers;
  reading.rows = train_.of(report.domain);
  BatchLoader loader(data_, Split::train, reading);
  built_.store().mode().training = true;
  bool stopped = false;
  while (!stopped) {
    const AllocatorScope scope(arena);
    std::vector<Batch> batches;
    for (Batch batch; std::ssize(batches) < options_.accumulate && loader.next(batch);)
      batches.push_back(std::move(batch));
    if (batches.empty()) break;
    step(batches, static_cast<uint32_t>((first_step + report.steps++) * options_.accumulate));
    stopped = stop();
  }
  built_.store().mode().training = false;
  return !stopped;
}

std::optional<DomainReport> DomainTuning::tune(int64_t domain, int64_t first_step,
                                               const std::function<void(NonFinite&)>& non_finite,
                                               const std::function<bool()>& stop) {
  DomainReport report;
  report.domain = domain;
  if (train_.of(domain).empty() || valid_.of(domain).empty()) return report;
  put(domain);
  report.before = report.after = valid_auc(domain);
  if (std::isnan(report.before)) return report;
  Optimizer optimizer(rule_.optimizer);
  TrainStep step(built_, data_.schema, optimizer, options_.clip_norm, non_finite,
                 TaskBalance(options_));
  const auto arena = std::make_shared<Arena>();
  ParameterSet best;
  for (int64_t waiting = 0; waiting < rule_.patience && report.epochs < rule_.epochs; ++waiting) {
    if (!run_epoch(report, step, first_step, arena, stop)) return std::nullopt;
    built_.store().catch_up();
    const double auc = valid_auc(domain);
    if (!(auc > report.after && auc >= report.after + rule_.min_improvement)) continue;
    report.after = auc;
    report.best_epoch = report.epochs;
    best = live_.copy();
    waiting = -1;
  }
  if (!best.empty()) own_[static_cast<size_t>(domain)] = std::move(best);
  return report;
}

std::map<std::string, Tensor> DomainTuning::state() const {
  std::map<std::string, Tensor> state;
  for (size_t d = 0; d < own_.size(); ++d) own_[d].put_into(state, own_prefix(d));
  return state;
}

void DomainTuning::restore(const std::map<std::string, Tensor>& state) {
  for (size_t d = 0; d < own_.size(); ++d) {
    const std::string prefix = own_prefix(d);
    own_[d] = {};
    const auto saved = state.lower_bound(prefix);
    if (saved == state.end() || !saved->first.starts_with(prefix)) continue;
    own_[d] = shared_.copy();
    own_[d].take_from(state, prefix);
  }
}

}  // namespace ctr
