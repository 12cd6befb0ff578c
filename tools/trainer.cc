#include "tools/trainer.h"

#include <chrono>
#include <cmath>
#include <map>

#include "engine/allocator.h"
#include "engine/check.h"
#include "ops/loss/loss.h"

namespace ctr {
namespace {

using Clock = std::chrono::steady_clock;
double since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

std::vector<double> doubles(const Tensor& column) {
  std::span<const float> values = column.span<float>();
  return {values.begin(), values.end()};
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
  const Columns& columns = data.columns(Split::train);
  const std::vector<int64_t> order =
      shuffled(columns.rows, static_cast<uint64_t>(options.seed), static_cast<uint32_t>(epoch));
  const int64_t steps = (columns.rows + options.batch_size - 1) / options.batch_size;
  const Clock::time_point begin = Clock::now();
  Epoch result;
  double sum = 0;
  int64_t seen = 0;
  built.store().mode().training = true;
  for (int64_t at = 0; at < columns.rows && !result.stopped; at += options.batch_size) {
    const int64_t end = std::min(columns.rows, at + options.batch_size);
    AllocatorScope scope(arena);
    Batch batch = make_batch(columns, order, at, end);
    if (built.model().counts()) {
      built.model().observe(batch);
      optimizer.advance();
    } else {
      sum += step(built, batch, optimizer) * static_cast<double>(batch.rows);
    }
    seen += batch.rows;
    result.loss = sum / static_cast<double>(seen);
    events.step({epoch, at / options.batch_size + 1, steps, result.loss,
                 static_cast<double>(seen) / since(begin)});
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

std::vector<double> predict(BuiltModel& built, const Columns& columns, int64_t batch_size) {
  NoGradient off;
  const std::vector<int64_t> order = in_order(columns.rows);
  std::vector<double> result;
  result.reserve(static_cast<size_t>(columns.rows));
  auto arena = std::make_shared<Arena>();
  for (int64_t at = 0; at < columns.rows; at += batch_size) {
    Batch batch = make_batch(columns, order, at, std::min(columns.rows, at + batch_size));
    AllocatorScope scope(arena);
    Tensor logit = built.model().logit(batch).value().cast(DType::f64);
    for (double z : logit.span<double>()) result.push_back(1 / (1 + std::exp(-z)));
  }
  return result;
}

Metrics evaluate(BuiltModel& built, const Dataset& data, Split split, int64_t batch_size) {
  const Columns& columns = data.columns(split);
  return measure(predict(built, columns, batch_size), doubles(columns.label),
                 columns.domain.span<int64_t>(), data.schema.domains);
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
