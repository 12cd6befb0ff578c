#include "models/layers/batch_norm.h"

#include "ops/elementwise/elementwise.h"
#include "ops/norm/norm.h"

namespace ctr {

BatchNormLayer::BatchNormLayer(const Scope& scope, int64_t channels, double epsilon, int axis)
    : scope_(scope),
      epsilon_(epsilon),
      axis_(axis),
      gamma_(&scope.parameter("weight", {channels}, Initializer::constant(1))),
      beta_(&scope.parameter("bias", {channels}, Initializer::zeros())),
      mean_(&scope.state("running_mean", Tensor::zeros({channels}, scope.dtype()))),
      variance_(&scope.state("running_var", Tensor::full({channels}, scope.dtype(), 1))) {}

Var BatchNormLayer::operator()(const Var& x) const {
  if (!scope_.mode().training) return evaluated(x);
  RunningStatistics running{mean_->value, variance_->value};  // shares the states' memory
  return batch_norm(x, *gamma_, *beta_, &running, {epsilon_, axis_});
}

Var BatchNormLayer::evaluated(const Var& x) const {
  return batch_norm_evaluated(x, *gamma_, *beta_, {mean_->value, variance_->value},
                              {epsilon_, axis_});
}

Var BatchNormLayer::gated(const Var& x, const Var& gate, const ColumnStatistics& of_x) const {
  if (!scope_.mode().training) return (*this)(x * gate);
  RunningStatistics running{mean_->value, variance_->value};
  return gated_batch_norm(x, of_x, gate, *gamma_, *beta_, &running, epsilon_);
}

}  // namespace ctr
