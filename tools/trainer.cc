#include "tools/trainer.h"

#include <chrono>
#include <cmath>
#include <map>

#include "engine/allocator.h"
#include "engine/check.h"
#include "io/batch_loader.h"
#include "ops/loss/loss.h"
#include "tools/scores.h"

namespace ctr {
namespace {

using Clock = std::chrono::steady_clock;
double since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// The trainable values of a model, kept aside.
class Snapshot {
 public:
  void take(const ParameterStore& store) {
    for (const auto& parameter : store.all()) {
      if (!parameter->frozen) values_[parameter->name] = parameter->value.clone();
    }
  }
  void restore(ParameterStore& store) const {
    for (const auto& [name, value] : values_) store.find(name)->value = value.clone();
    ++store.mode().weights_version;
  }
  bool taken() const { return !values_.empty(); }

 private:
  std::map<std::string, Tensor> values_;
};

// One optimizer step; returns the loss.
double step(BuiltModel& built, const Batch& batch, Optimizer& optimizer) {
  ParameterStore& store = built.store();
  store.mode().step = static_cast<uint32_t>(optimizer.steps());
  Tape tape;
  Var loss = bce_with_logits(built.model().logit(batch), batch.label.cast(store.dtype()));
  double value = loss.value().cast(DType::f64).data<double>()[0];
  if (!std::isfinite(value)) {
    fail(ErrorKind::data,
         "train: the loss of step {} is {}; lower --learning-rate or look for odd values in the "
         "data",
         optimizer.steps() + 1, value);
  }
  optimizer.step(store, backward(loss));
  return value;
}

struct Epoch {
  double loss = 0;
  bool stopped = false;  // by max_steps
};

Epoch run_epoch(BuiltModel& built, const Dataset& data, const TrainOptions& options, int64_t epoch,
                Optimizer& optimizer, const std::shared_ptr<Arena>& arena,
                const TrainEvents& events) {
  LoaderOptions reading;
  reading.batch_size = options.batch_size;
  reading.shuffle = true;
  reading.seed = static_cast<uint64_t>(options.seed);
  reading.epoch = static_cast<uint32_t>(epoch);
  reading.workers = options.workers;
  BatchLoader loader(data, Split::train, reading);
  const Clock::time_point begin = Clock::now();
  Epoch result;
  double sum = 0;
  int64_t seen = 0;
  built.store().mode().training = true;
  int64_t index = 0;
  for (Batch batch; !result.stopped && loader.next(batch);) {
    AllocatorScope scope(arena);
    if (built.model().counts()) {
      built.model().observe(batch);
      optimizer.advance();
    } else {
      sum += step(built, batch, optimizer) * static_cast<double>(batch.rows);
    }
    seen += batch.rows;
    result.loss = sum / static_cast<double>(seen);
    events.step(
        {epoch, ++index, loader.batches(), result.loss, static_cast<double>(seen) / since(begin)});
    result.stopped = options.max_steps > 0 && optimizer.steps() >= options.max_steps;
  }
  built.store().mode().training = false;
  return result;
}

}  // namespace

OptionList TrainOptions::list() {
  OptionList list;
  list.add({"model", &model, "the model; `ctrengine models` lists them"});
  list.add({"data", &data, "the data set", {}});
  list.add({"epochs", &epochs, "most passes over the training split", {}, 1, 1e6});
  list.add({"patience",
            &patience,
            "epochs without a better valid AUC before training stops",
            {},
            1,
            1e6});
  list.add({"max_steps", &max_steps, "stop after this many steps; 0: no limit", {}, 0, 1e12});
  list.add({"batch_size", &batch_size, "rows of a step", {}, 1, 1 << 24});
  list.add({"seed", &seed, "of initial weights, shuffles and dropout", {}, 0, 9e15});
  list.add(
      {"workers", &workers, "threads that read batches ahead of the step; 0: none", {}, 0, 64});
  list.add({"precision", &precision, "f64 runs the reference path", {"f32", "f64"}});
  list.add({"optimizer", &optimizer.rule, "update rule", {"adam", "sgd"}});
  list.add({"embedding_update",
            &optimizer.update,
            "rows: touched rows move; dense: every row, each step",
            {"rows", "dense"}});
  list.add({"learning_rate", &optimizer.learning_rate, "of the optimizer", {}, 0, 1e3});
  return list;
}

BuiltModel::BuiltModel(const ModelInfo& info, const Dataset& data, const ModelOptions& options,
                       DType dtype, uint64_t seed)
    : store_(dtype, seed) {
  model_ = info.make(Scope(store_), {data.schema, data.vectors, options});
}

TrainReport train(BuiltModel& built, const Dataset& data, const TrainOptions& options,
                  const TrainEvents& events) {
  const Clock::time_point begin = Clock::now();
  const int64_t eval_rows = std::max<int64_t>(options.batch_size, 4096);
  Optimizer optimizer(options.optimizer);
  Snapshot best;
  TrainReport report;
  double best_auc = -1;
  auto arena = std::make_shared<Arena>();
  const int64_t epochs = built.model().counts() ? 1 : options.epochs;
  for (int64_t epoch = 1; epoch <= epochs && epoch - report.best_epoch <= options.patience;
       ++epoch) {
    const Clock::time_point epoch_begin = Clock::now();
    Epoch result = run_epoch(built, data, options, epoch, optimizer, arena, events);
    Metrics valid = evaluate(built, data, Split::valid, eval_rows);
    const bool better = valid.auc > best_auc;
    if (better) {
      best_auc = valid.auc;
      report.best_epoch = epoch;
      best.take(built.store());
    }
    events.epoch({epoch, result.loss, valid, since(epoch_begin), better});
    if (result.stopped) break;
  }
  if (best.taken()) best.restore(built.store());
  report.steps = optimizer.steps();
  report.test = evaluate(built, data, Split::test, eval_rows);
  report.seconds = since(begin);
  return report;
}

}  // namespace ctr
