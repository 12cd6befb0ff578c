#include "models/layers/star_layer.h"

#include "engine/check.h"
#include "ops/elementwise/elementwise.h"
#include "ops/linear/linear.h"

namespace ctr {
namespace {

Initializer shared_initializer(const std::string& kind, int64_t in, int64_t out) {
  return kind == "reference" ? Initializer::xavier_uniform(in, out)
                             : Initializer::xavier_normal(in, out);
}

Initializer domain_initializer(const std::string& kind, int64_t domains, int64_t in, int64_t out) {
  if (kind == "ones") return Initializer::constant(1);
  if (kind == "random") return Initializer::xavier_normal(in, out);
  CTR_CHECK(kind == "reference",
            "star: domain weights begin as ones, random or reference, got '{}'", kind);
  return Initializer::xavier_uniform(domains * in, domains * out);
}

}  // namespace

StarLayer::StarLayer(const Scope& scope, int64_t domains, int64_t in, int64_t out,
                     const std::string& domain_weight, const std::string& activation)
    : scope_(scope),
      weight_(&scope.parameter("weight", {out, in}, shared_initializer(domain_weight, in, out))),
      bias_(&scope.parameter("bias", {out}, Initializer::zeros())),
      domain_weight_(&scope.parameter("domain_weight", {domains, out, in},
                                      domain_initializer(domain_weight, domains, in, out))),
      domain_bias_(&scope.parameter("domain_bias", {domains, out}, Initializer::zeros())),
      activation_(scope, activation, out) {}

void StarLayer::fold() const {
  const uint64_t version = scope_.mode().weights_version;
  if (folded_.version == version) return;
  folded_.weight = multiply(*domain_weight_, *weight_).value();
  folded_.bias = add(*domain_bias_, *bias_).value();
  folded_.version = version;
}

Var StarLayer::operator()(const Var& x, const RowGroups& domains) const {
  const bool fused = activation_.plain().has_value();
  const Activation inside = fused ? *activation_.plain() : Activation::identity;
  Var weight, bias;  // W*_d [D, out, in], b*_d [D, out]
  if (Tape::current() != nullptr) {
    weight = multiply(*domain_weight_, *weight_);
    bias = add(*domain_bias_, *bias_);
  } else {
    fold();
    weight = Var(folded_.weight);
    bias = Var(folded_.bias);
  }
  const Var y = grouped_linear(x, weight, bias, domains, inside);
  return fused ? y : activation_(y);
}

}  // namespace ctr
