#pragma once
// Where training stands between two steps: with the weights, all that a resumed run needs to go on
// to the same bits.

#include <cstdint>
#include <map>
#include <string>

#include "engine/tensor.h"
#include "tools/early_stop.h"
#include "tools/schedule.h"
#include "tools/task_balance.h"

namespace ctr {

struct TrainState {
  int64_t step = 0;       // of training done
  int64_t updates = 0;    // of the optimizer: fewer where steps gather gradients (maml, mldg)
  int64_t epoch = 1;      // in progress
  int64_t batch = 0;      // batches of it that are done
  double loss_sum = 0;    // of it, over rows
  int64_t rows_seen = 0;  // of it
  int64_t measured = 0;   // steps that had to measure whole tables for clipping (`replay`)
  double seconds = 0;     // of training so far
  EarlyStop stop;
  PlateauState plateau;
  BalanceState balance;
  int64_t phase = 0;        // 1: of --then-train
  int64_t first_epoch = 1;  // of the phase
  int64_t tuned = -1;       // domains trained alone; −1: not begun

  bool operator==(const TrainState&) const = default;
};

// A state with its tensors, which may be shared with the running model: write or copy them before
// the next step.
struct TrainSnapshot {
  TrainState state;
  std::map<std::string, Tensor> weights;
  std::map<std::string, Tensor> optimizer;  // Optimizer::state
  std::map<std::string, Tensor> strategy;   // Strategy::state; weights of domains tuned so far
  std::map<std::string, Tensor> best;       // weights after step state.stop.best_step, if any
  std::map<std::string, Tensor> best_strategy;
};

}  // namespace ctr
