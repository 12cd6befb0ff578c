#include "tools/train_step.h"

#include <cmath>
#include <limits>

#include "engine/check.h"

namespace ctr {
namespace {

double number_in(const Var& loss) { return loss.value().cast(DType::f64).data<double>()[0]; }

}  // namespace

void TrainStep::refuse(std::span<const Batch> batches, uint32_t first_draw, const char* what,
                       double value, const StepGradients& gradients) {
  NonFinite found = find_non_finite(built_, schema_, batches, gradients, first_draw);
  found.step = optimizer_.steps() + 1;
  found.what = what;
  found.value = std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value;  // no sign
  non_finite_(found);
  fail(ErrorKind::data, "{}", describe(found));
}

StepResult TrainStep::measure(std::span<const Batch> batches, uint32_t first_draw,
                              const Take& take) {
  ParameterStore& store = built_.store();
  StepResult result;
  for (const Batch& batch : batches) result.rows += batch.rows;
  of_tasks_.clear();
  for (size_t i = 0; i < batches.size(); ++i) {
    store.mode().step = first_draw + static_cast<uint32_t>(i);
    Tape tape;
    const Model& model = built_.model();
    const auto [losses, shares] = balance_.losses(model, batches[i], schema_);
    const std::vector<double> weights = balance_.weights(losses.size());
    if (!balance_.fixed()) result.task_weights = weights;
    const Var loss = weighted_sum(losses, weights);
    const double share = static_cast<double>(batches[i].rows) / static_cast<double>(result.rows);
    result.loss += share * number_in(loss);
    result.task_loss.resize(losses.size());
    result.task_shares.resize(losses.size());
    for (size_t t = 0; t < losses.size(); ++t) {
      result.task_loss[t] += share * number_in(losses[t]);
      result.task_shares[t] += share * shares[t];
    }
    if (!std::isfinite(result.loss)) refuse(batches, first_draw, "loss", result.loss, {});
    if (measured_ != nullptr) add_gradients_at(*measured_, losses, share, of_tasks_);
    BackwardOptions options;
    options.upstream = Tensor::full(loss.shape(), loss.dtype(), share);
    take(i, backward(loss, options));
  }
  return result;
}

StepResult TrainStep::measure(std::span<const Batch> batches, uint32_t first_draw,
                              StepGradients& sums) {
  Gradients all;
  StepResult result = measure(
      batches, first_draw, [&](size_t, Gradients&& gradients) { all.add(std::move(gradients)); });
  sums = gather_sums(built_.store(), all);
  return result;
}

void TrainStep::move(StepGradients sums, std::span<const Batch> batches, uint32_t first_draw,
                     StepResult& result) {
  ParameterStore& store = built_.store();
  StepGradients gradients = optimizer_.prepare(store, std::move(sums));
  result.gradient_norm = global_norm(gradients);
  if (!std::isfinite(result.gradient_norm))
    refuse(batches, first_draw, "gradient norm", result.gradient_norm, gradients);
  if (clip_norm_ > 0) {
    const Clipping clipping = optimizer_.clip(gradients, result.gradient_norm, clip_norm_);
    result.gradient_norm = clipping.norm;
    result.measured = clipping.measured;
  }
  optimizer_.apply(store, gradients);
  balance_.update(result.task_loss, result.task_shares, norms_of(of_tasks_));
  of_tasks_.clear();
}

StepResult TrainStep::operator()(std::span<const Batch> batches, uint32_t first_draw) {
  StepGradients sums;
  StepResult result = measure(batches, first_draw, sums);
  move(std::move(sums), batches, first_draw, result);
  return result;
}

}  // namespace ctr
