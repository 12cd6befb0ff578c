#include "models/layers/logarithmic_neurons.h"

#include "ops/activation/activation.h"
#include "ops/activation/log_magnitude.h"
#include "ops/fields/field_mixing.h"

namespace ctr {
namespace {

constexpr double kEpsilon = 1e-5;

}  // namespace

LogarithmicNeurons::LogarithmicNeurons(const Scope& scope, int64_t fields,
                                       const AfnOptions& options)
    : floor_(options.floor),
      weight_(&scope.parameter("weight", {options.logarithmic_neurons, fields},
                               Initializer::xavier_normal(fields, options.logarithmic_neurons))),
      bias_(options.neuron_bias
                ? &scope.parameter("bias", {options.logarithmic_neurons}, Initializer::zeros())
                : nullptr),
      log_norm_(scope / "log_norm", fields, kEpsilon, 1),
      exp_norm_(scope / "exp_norm", options.logarithmic_neurons, kEpsilon, 1) {}

Var LogarithmicNeurons::operator()(const Var& v) const {
  const Var bias = bias_ == nullptr ? Var() : Var(*bias_);
  Var u = log_norm_(log_magnitude(v, floor_));             // BN(log max(|v|, floor))   [B, F, D]
  return exp_norm_(exp(field_linear(u, *weight_, bias)));  // BN(exp(A u + b))     [B, L, D]
}

}  // namespace ctr
