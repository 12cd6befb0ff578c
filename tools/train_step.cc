#include "tools/train_step.h"

#include <cmath>
#include <limits>

#include "engine/check.h"
#include "ops/loss/loss.h"

namespace ctr {

void TrainStep::refuse(std::span<const Batch> batches, uint32_t first_draw, const char* what,
                       double value, const StepGradients& gradients) {
  NonFinite found = find_non_finite(built_, schema_, batches, gradients, first_draw);
  found.step = optimizer_.steps() + 1;
  found.what = what;
  found.value = std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value;  // no sign
  non_finite_(found);
  fail(ErrorKind::data, "{}", describe(found));
}

StepResult TrainStep::operator()(std::span<const Batch> batches, uint32_t first_draw) {
  ParameterStore& store = built_.store();
  StepResult result;
  for (const Batch& batch : batches) result.rows += batch.rows;
  Gradients sum;
  for (size_t i = 0; i < batches.size(); ++i) {
    store.mode().step = first_draw + static_cast<uint32_t>(i);
    Tape tape;
    Var loss =
        bce_with_logits(built_.model().logit(batches[i]), batches[i].label.cast(store.dtype()));
    const double share = static_cast<double>(batches[i].rows) / static_cast<double>(result.rows);
    result.loss += share * loss.value().cast(DType::f64).data<double>()[0];
    if (!std::isfinite(result.loss)) refuse(batches, first_draw, "loss", result.loss, {});
    BackwardOptions options;
    options.upstream = Tensor::full(loss.shape(), loss.dtype(), share);
    sum.add(backward(loss, options));
  }
  StepGradients gradients = optimizer_.prepare(store, sum);
  result.gradient_norm = global_norm(gradients);
  if (!std::isfinite(result.gradient_norm))
    refuse(batches, first_draw, "gradient norm", result.gradient_norm, gradients);
  if (clip_norm_ > 0) {
    const Clipping clipping = optimizer_.clip(gradients, result.gradient_norm, clip_norm_);
    result.gradient_norm = clipping.norm;
    result.measured = clipping.measured;
  }
  optimizer_.apply(store, gradients);
  return result;
}

}  // namespace ctr
