#pragma once
// What the verb `train` can be told, beside the model's own options.

#include <cstdint>
#include <string>
#include <vector>

#include "engine/options.h"
#include "ops/optim/optimizer.h"
#include "tools/schedule.h"
#include "tools/strategy/strategy_options.h"

namespace ctr {

struct TrainOptions {
  std::string model = "apg";
  std::string data = "taobao";
  std::string preset = "none";  // presets.h
  std::string from = "";        // a finished run whose weights training begins with (fine_tune.h)
  NameList trainable = {};      // texts in the names of what is trained; empty: everything
  NameList then_train = {};     // … of what is trained alone, after the others
  NameList only_domains = {};   // whose rows are read, of all splits; empty: all
  int64_t train_rows = 0;  // of the training split, drawn by the seed (io/fewer_rows.h); 0: all
  int64_t epochs = 30;
  int64_t patience = 3;   // epochs without a better valid metric before training stops
  int64_t max_steps = 0;  // 0: no limit
  int64_t batch_size = 1024;
  int64_t accumulate = 1;  // batches whose gradients make one step
  int64_t seed = 1;
  int64_t workers = 1;  // threads that read batches ahead of the step
  std::string precision = "f32";
  std::string monitor = "auto";          // what early stopping looks at; early_stop.h lists them
  std::string monitor_task;              // of several tasks, the one it looks at; empty: their mean
  NameList task_weights;                 // of the tasks' losses; empty: 1 each
  std::string task_balance = "fixed";    // how they are weighed: task_balance.h
  double balance_learning_rate = 0.025;  // of weights that move
  double gradnorm_alpha = 1.5;           // 0: equal norms
  std::string gradnorm_parameter;  // whose gradients are measured; empty: the last shared layer
  double min_improvement = 1e-6;   // of the monitor, to count as better
  OptimizerOptions optimizer;
  double clip_norm = 0;  // 0: no clipping
  ScheduleOptions schedule;
  StrategyOptions strategy;
  int64_t checkpoint_steps = 0;  // 0: after each epoch alone
  int64_t log_steps = 100;       // 0: epochs alone
  int64_t digest_steps = 0;      // 0: never

  OptionList list();
};

// TrainOptions::task_weights as numbers; throws kind usage where one is none, or negative.
std::vector<double> weights_of_tasks(const TrainOptions& options);

// Options that decide how long training goes on and what it says, not what a step computes: a
// resumed run may change them.
bool may_change_on_resume(const std::string& option);

}  // namespace ctr
