#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "io/batch.h"
#include "ops/optim/optimizer.h"
#include "tools/finite_check.h"
#include "tools/task_balance.h"

namespace ctr {

struct StepResult {
  double loss = 0;                        // mean over all rows
  std::vector<double> task_loss = {};     // TaskLosses::losses, unweighted
  std::vector<double> task_shares = {};   // and of which share of the rows
  std::vector<double> task_weights = {};  // where they move, those of this step
  double gradient_norm = 0;               // before clipping; what it counts: Optimizer::clip
  bool measured = false;                  // Clipping::measured
  int64_t rows = 0;
};

// One optimizer step on the mean loss over the rows of all `batches`, the tasks' losses weighed as
// `balance` has it: gradients are summed batch by batch, so memory is that of one.
// `first_draw` numbers the random draws of the first batch.
// When the loss or the gradient's norm is not finite: no weight moves, `non_finite` is called, and
// an error of kind data follows.
class TrainStep {
 public:
  TrainStep(BuiltModel& built, const Schema& schema, Optimizer& optimizer, double clip_norm,
            std::function<void(NonFinite&)> non_finite, TaskBalance balance = {})
      : built_(built),
        schema_(schema),
        optimizer_(optimizer),
        clip_norm_(clip_norm),
        non_finite_(std::move(non_finite)),
        balance_(std::move(balance)),
        measured_(balance_.measured(built.store())) {}

  StepResult operator()(std::span<const Batch> batches, uint32_t first_draw);

  // Its two halves: the losses, each batch's gradients given away;
  using Take = std::function<void(size_t batch, Gradients&& gradients)>;
  StepResult measure(std::span<const Batch> batches, uint32_t first_draw, const Take& take);
  // the same, summed by row (gather_sums);
  StepResult measure(std::span<const Batch> batches, uint32_t first_draw, StepGradients& sums);
  // and the optimizer's step with such sums, which completes the result. `batches` are looked at if
  // it is refused.
  void move(StepGradients sums, std::span<const Batch> batches, uint32_t first_draw,
            StepResult& result);

  TaskBalance& balance() { return balance_; }
  const std::function<void(NonFinite&)>& on_non_finite() const { return non_finite_; }

 private:
  [[noreturn]] void refuse(std::span<const Batch> batches, uint32_t first_draw, const char* what,
                           double value, const StepGradients& gradients);

  BuiltModel& built_;
  const Schema& schema_;
  Optimizer& optimizer_;
  double clip_norm_;
  std::function<void(NonFinite&)> non_finite_;
  TaskBalance balance_;
  const Parameter* measured_;     // where the balance needs gradients, or null
  std::vector<Tensor> of_tasks_;  // gradients there, since `measure`
};

}  // namespace ctr
