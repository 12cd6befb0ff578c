#include "models/layers/activation_layer.h"

#include "engine/check.h"
#include "ops/activation/activation.h"

namespace ctr {

ActivationLayer::ActivationLayer(const Scope& scope, const std::string& name, int64_t channels)
    : scope_(scope), plain_(activation_called(name)) {
  if (plain_) return;
  CTR_CHECK(name == "prelu" || name == "dice", "there is no activation '{}'", name);
  const bool dice = name == "dice";
  alpha_ = &scope.parameter("alpha", {channels}, Initializer::constant(dice ? 0 : 0.1));
  if (!dice) return;
  mean_ = &scope.state("running_mean", Tensor::zeros({channels}, scope.dtype()));
  variance_ = &scope.state("running_var", Tensor::full({channels}, scope.dtype(), 1));
}

Var ActivationLayer::operator()(const Var& x) const {
  if (plain_) return activate(x, *plain_);
  if (mean_ == nullptr) return prelu(x, *alpha_);
  RunningStatistics running{mean_->value, variance_->value, 0.01};  // shares the states' memory
  return dice(x, *alpha_, &running, scope_.mode().training);
}

std::vector<std::string> activation_layer_names() {
  std::vector<std::string> names(kActivationNames.begin(), kActivationNames.end());
  names.insert(names.end(), {"prelu", "dice"});
  return names;
}

}  // namespace ctr
