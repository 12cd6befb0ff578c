#pragma once
// Training with early stopping, and scoring.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "io/dataset.h"
#include "models/model.h"
#include "ops/optim/optimizer.h"
#include "tools/metrics.h"

namespace ctr {

struct TrainOptions {
  std::string model = "apg";
  std::string data = "taobao";
  int64_t epochs = 30;
  int64_t patience = 3;   // epochs without a better valid AUC before training stops
  int64_t max_steps = 0;  // 0: no limit
  int64_t batch_size = 1024;
  int64_t seed = 1;
  int64_t workers = 1;  // threads that read batches ahead of the step
  std::string precision = "f32";
  OptimizerOptions optimizer;

  OptionList list();
};

// A model with its parameters.
class BuiltModel {
 public:
  BuiltModel(const ModelInfo& info, const Dataset& data, const ModelOptions& options, DType dtype,
             uint64_t seed);

  ParameterStore& store() { return store_; }
  Model& model() { return *model_; }

 private:
  ParameterStore store_;
  std::unique_ptr<Model> model_;
};

struct StepReport {
  int64_t epoch, step, steps_per_epoch;
  double loss;  // running mean of the epoch
  double samples_per_s;
};
struct EpochReport {
  int64_t epoch;
  double train_loss;
  Metrics valid;
  double seconds;
  bool best;
};
struct TrainReport {
  int64_t best_epoch = 0;
  int64_t steps = 0;
  double seconds = 0;
  Metrics test;
};

struct TrainEvents {
  std::function<void(const StepReport&)> step = [](const StepReport&) {};
  std::function<void(const EpochReport&)> epoch = [](const EpochReport&) {};
};

// Trains until the valid AUC has not risen for `patience` epochs, puts the best weights back and
// scores the test split. Throws kind data when the loss is no finite number.
TrainReport train(BuiltModel& built, const Dataset& data, const TrainOptions& options,
                  const TrainEvents& events = {});

}  // namespace ctr
