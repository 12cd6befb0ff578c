#pragma once
// Training with early stopping, and going on where it stopped.

#include <cstdint>
#include <functional>
#include <vector>

#include "io/dataset.h"
#include "tools/built_model.h"
#include "tools/finite_check.h"
#include "tools/metrics.h"
#include "tools/train_options.h"
#include "tools/train_state.h"

namespace ctr {

struct StepReport {
  int64_t step = 0;  // of the run, from 1
  int64_t epoch = 0, step_of_epoch = 0, steps_per_epoch = 0;
  double loss = 0;                        // mean over the step's rows
  double epoch_loss = 0;                  // running mean of the epoch
  std::vector<double> task_loss = {};     // of several tasks, or of domains over all rows
  std::vector<double> task_weights = {};  // where they move, those of this step
  double learning_rate = 0;               // of this step
  double gradient_norm = 0;               // before clipping
  double samples_per_s = 0;               // of the epoch so far
};
struct EpochReport {
  int64_t epoch = 0, step = 0;
  bool whole = true;  // false: --max-steps ended it early
  double train_loss = 0;
  double learning_rate = 0;  // of its last step
  int64_t measured = 0;      // TrainState::measured
  Metrics valid;
  double seconds = 0;
  bool best = false;
};
// A domain that was trained on its own rows alone (--finetune-domains).
struct DomainReport {
  int64_t domain = 0;
  int64_t epochs = 0, best_epoch = 0;  // 0: it keeps the weights that it began with
  int64_t steps = 0;                   // of its own
  int64_t step = 0;                    // of the run, after them
  double before = 0, after = 0;        // valid AUC
};
struct TrainReport {
  int64_t best_epoch = 0;
  int64_t steps = 0;
  double seconds = 0;
  int64_t measured = 0;      // TrainState::measured
  double samples_per_s = 0;  // of the steps alone, since training began or went on
  bool interrupted = false;  // then there is no test
  Metrics test;
};

// What happens on the way. Each may be left as it is.
struct TrainEvents {
  std::function<void(const StepReport&)> step = [](const StepReport&) {};
  std::function<void(const EpochReport&)> epoch = [](const EpochReport&) {};
  std::function<void(const DomainReport&)> domain = [](const DomainReport&) {};
  // Time for a checkpoint.
  std::function<void(const TrainSnapshot&)> save = [](const TrainSnapshot&) {};
  // Every --digest-steps.
  std::function<void(int64_t step, const ParameterStore&)> digest = [](int64_t,
                                                                       const ParameterStore&) {};
  // Before the error of a loss or a gradient that is not finite.
  std::function<void(const NonFinite&)> non_finite = [](const NonFinite&) {};
  // Asked between steps: true ends training there, after a save.
  std::function<bool()> stop = [] { return false; };
};

// Trains as --strategy has it until the valid metric has not risen for `patience` epochs, puts the
// best weights back and scores the test split. With `from`, goes on there: the same bits as if
// training had never stopped. Domains that come to weights of their own have them in
// `built.domain_weights()`. Throws kind data when the loss or the norm of the gradients is no
// finite number; no weight has moved by it then.
TrainReport train(BuiltModel& built, const Dataset& data, const TrainOptions& options,
                  const TrainEvents& events = {}, const TrainSnapshot* from = nullptr);

// Throws what `train` would before its first step: data without training rows, a monitor that the
// data cannot give, a strategy that does not fit the model, the data or other options.
void check_training(const BuiltModel& built, const Dataset& data, const TrainOptions& options);

}  // namespace ctr
