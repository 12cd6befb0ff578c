#include "tools/train_options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "engine/check.h"
#include "tools/early_stop.h"
#include "tools/presets.h"

namespace ctr {
namespace {

void add_optimizer(OptionList& list, TrainOptions& o) {
  list.add({"optimizer", &o.optimizer.rule, "update rule", rule_names()});
  list.add({"embedding_update",
            &o.optimizer.update,
            "rows: touched rows move; dense: every row, each step; replay: as dense to the last "
            "bit, rows when they are read",
            {"rows", "dense", "replay"}});
  list.add({"learning_rate", &o.optimizer.learning_rate, "of the optimizer", {}, 0, 1e3});
  list.add({"beta1", &o.optimizer.beta1, "Adam's decay of the mean", {}, 0, 1});
  list.add({"beta2", &o.optimizer.beta2, "Adam's decay of the mean square", {}, 0, 1});
  list.add({"epsilon", &o.optimizer.epsilon, "in the divisor; 0: the rule's own", {}, 0, 1});
  list.add({"momentum", &o.optimizer.momentum, "decay of momentum's sum", {}, 0, 1});
  list.add({"weight_decay", &o.optimizer.weight_decay, "AdamW's decay of weights", {}, 0, 1e3});
  list.add({"rmsprop_alpha", &o.optimizer.rmsprop_alpha, "its mean square's decay", {}, 0, 1});
  list.add({"initial_accumulator",
            &o.optimizer.initial_accumulator,
            "first sum of squares of adagrad, rowwise-adagrad, ftrl",
            {},
            0,
            1e6});
  list.add({"ftrl_beta", &o.optimizer.ftrl_beta, "beta of FTRL-Proximal", {}, 0, 1e6});
  list.add({"ftrl_l1", &o.optimizer.ftrl_l1, "its L1: weights below it are 0", {}, 0, 1e6});
  list.add({"ftrl_l2", &o.optimizer.ftrl_l2, "its L2", {}, 0, 1e6});
  list.add({"l2_embedding",
            &o.optimizer.l2.table,
            "lambda of 1/2 lambda |w|^2 on tables: touched rows, or all with dense or replay",
            {},
            0,
            1e3});
  list.add({"l2_net", &o.optimizer.l2.net, "the same on all other parameters", {}, 0, 1e3});
  list.add({"clip_norm", &o.clip_norm, "largest norm of all gradients; 0: any", {}, 0, 1e12});
}

void add_schedule(OptionList& list, ScheduleOptions& o) {
  list.add({"schedule",
            &o.kind,
            "of the learning rate; plateau cuts it when the valid metric does not rise",
            {"constant", "cosine", "plateau"}});
  list.add({"warmup_steps", &o.warmup_steps, "steps over which the rate rises", {}, 0, 1e12});
  list.add({"schedule_steps",
            &o.steps,
            "length of the cosine; 0: that of --epochs and --max-steps",
            {},
            0,
            1e12});
  list.add({"plateau_factor", &o.plateau_factor, "what a cut leaves of the rate", {}, 0, 1});
  list.add({"plateau_patience",
            &o.plateau_patience,
            "epochs in a row without a better valid metric before a cut",
            {},
            1,
            1e6});
  list.add({"least_rate", &o.least_rate, "the rate does not fall below it", {}, 0, 1e3});
}

void add_logs(OptionList& list, TrainOptions& o) {
  list.add({"checkpoint_steps",
            &o.checkpoint_steps,
            "steps between checkpoints; 0: one after each epoch",
            {},
            0,
            1e12});
  list.add({"log_steps", &o.log_steps, "steps between lines of log.jsonl; 0: none", {}, 0, 1e12});
  list.add({"digest_steps",
            &o.digest_steps,
            "steps between digests of the weights in log.jsonl; 0: none",
            {},
            0,
            1e12});
}

}  // namespace

OptionList TrainOptions::list() {
  OptionList list;
  list.add({"model", &model, "the model; `ctrengine models` lists them"});
  list.add({"data", &data, "the data set", {}});
  list.add(
      {"preset", &preset,
       "defaults that other options override: the protocol of BARS; PeterRec as its paper, or its "
       "authors' code, has it",
       preset_names()});
  list.add({"from", &from, "a finished run: begin with its weights", {}});
  list.add({"trainable", &trainable,
            "train only parameters whose names contain one of these texts; empty: all"});
  list.add({"only_domains", &only_domains,
            "read rows of these domains alone, in all splits; names or numbers; empty: all"});
  list.add({"train_rows",
            &train_rows,
            "train on so many rows of the training split, drawn by the seed; 0: all",
            {},
            0,
            1e12});
  list.add({"then_train", &then_train,
            "parameters whose names contain one of these texts wait at their initial values until "
            "training ends; then they alone are trained, from its best weights"});
  list.add({"epochs", &epochs, "most passes over the training split", {}, 1, 1e6});
  list.add({"patience",
            &patience,
            "epochs without a better valid metric before training stops",
            {},
            1,
            1e6});
  list.add({"monitor", &monitor, "the valid metric", monitor_names()});
  list.add({"monitor_task", &monitor_task,
            "of several tasks, the one whose metric it is; empty: the mean over tasks"});
  list.add({"task_weights", &task_weights,
            "of the losses of several tasks, in their order; empty: 1 each"});
  list.add({"task_balance",
            &task_balance,
            "weights of the tasks: as given, or moved by GradNorm or uncertainty",
            {"fixed", "gradnorm", "uncertainty"}});
  list.add({"balance_learning_rate", &balance_learning_rate, "of weights that move", {}, 0, 1e3});
  list.add({"gradnorm_alpha",
            &gradnorm_alpha,
            "how strongly tasks that lag are pulled; 0: equal norms",
            {},
            0,
            100});
  list.add({"gradnorm_parameter", &gradnorm_parameter,
            "the weight whose gradients GradNorm measures; empty: the last shared layer's"});
  list.add({"min_improvement",
            &min_improvement,
            "least rise of the valid metric that counts as better",
            {},
            0,
            1});
  list.add({"max_steps", &max_steps, "stop after this many steps; 0: no limit", {}, 0, 1e12});
  list.add({"batch_size", &batch_size, "rows of a batch", {}, 1, 1 << 24});
  list.add({"accumulate", &accumulate, "batches whose gradients make one step", {}, 1, 1 << 20});
  list.add({"seed", &seed, "of initial weights, shuffles and dropout", {}, 0, 9e15});
  list.add(
      {"workers", &workers, "threads that read batches ahead of the step; 0: none", {}, 0, 64});
  list.add({"precision", &precision, "f64 runs the reference path", {"f32", "f64"}});
  add_optimizer(list, *this);
  add_schedule(list, schedule);
  strategy.add_to(list);
  add_logs(list, *this);
  return list;
}

std::vector<double> weights_of_tasks(const TrainOptions& options) {
  std::vector<double> weights;
  for (const std::string& text : options.task_weights) {
    double weight = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), weight);
    CTR_CHECK(error == std::errc() && end == text.data() + text.size() && weight >= 0 &&
                  std::isfinite(weight),
              "train: --task-weights takes numbers from 0 on, got '{}'", text);
    weights.push_back(weight);
  }
  return weights;
}

bool may_change_on_resume(const std::string& option) {
  constexpr std::array kFree = {"epochs",  "max_steps", "patience",    "checkpoint_steps",
                                "workers", "log_steps", "digest_steps"};
  return std::find(kFree.begin(), kFree.end(), option) != kFree.end();
}

}  // namespace ctr
