#include "models/layers/partitioned_norm_layer.h"

namespace ctr {

PartitionedNormLayer::PartitionedNormLayer(const Scope& scope, int64_t domains, int64_t width,
                                           double epsilon)
    : scope_(scope),
      epsilon_(epsilon),
      gamma_(&scope.parameter("gamma", {width}, Initializer::constant(1))),
      beta_(&scope.parameter("beta", {width}, Initializer::zeros())),
      domain_gamma_(&scope.parameter("domain_gamma", {domains, width}, Initializer::constant(1))),
      domain_beta_(&scope.parameter("domain_beta", {domains, width}, Initializer::zeros())),
      mean_(&scope.state("mean", Tensor::zeros({domains, width}, scope.dtype()))),
      variance_(&scope.state("var", Tensor::full({domains, width}, scope.dtype(), 1))),
      steps_(&scope.state("steps", Tensor::zeros({domains}, DType::i64))) {}

Var PartitionedNormLayer::operator()(const Var& x, const RowGroups& domains) const {
  const PartitionedAffine affine{*gamma_, *beta_, *domain_gamma_, *domain_beta_};
  const DomainStatistics running{mean_->value, variance_->value};  // share the states' memory
  if (!scope_.mode().training)
    return partitioned_norm_evaluated(x, affine, domains, running, epsilon_);
  RunningDomains moving{running, steps_->value};
  return partitioned_norm(x, affine, domains, &moving, epsilon_);
}

}  // namespace ctr
