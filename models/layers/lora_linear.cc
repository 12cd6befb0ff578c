#include "models/layers/lora_linear.h"

#include "ops/activation/activation.h"
#include "ops/elementwise/elementwise.h"
#include "ops/gather/gather.h"

namespace ctr {
namespace {

constexpr int64_t kMostFolded = int64_t{1} << 24;  // elements

Initializer start_of_a(const MloraOptions& options, int64_t domains, int64_t in, int64_t rank) {
  const int64_t fans = options.start == "stack" ? domains : 1;
  return Initializer::xavier_normal(in * fans, rank * fans);
}

}  // namespace

LoraLinear::LoraLinear(const Scope& scope, int64_t in, int64_t out, int64_t domains, int64_t rank,
                       const MloraOptions& options, double dropout)
    : scope_(scope),
      scale_(options.scale),
      rate_(dropout),
      dropout_(scope, dropout),
      weight_(scope.parameter("weight", {out, in}, Initializer::xavier_normal(in, out))),
      bias_(scope.parameter("bias", {out}, Initializer::zeros())),
      a_(scope.parameter("lora_a", {domains, in, rank}, start_of_a(options, domains, in, rank))),
      b_(scope.parameter("lora_b", {domains, rank, out}, Initializer::zeros())),
      domain_bias_(scope.parameter("lora_bias", {domains, out}, Initializer::zeros())) {}

Var LoraLinear::folded(const Var& x, const RowGroups& domains, Activation activation) const {
  if (version_ != scope_.mode().weights_version) {
    folded_ = fold_low_rank(weight_, bias_, {scale(a_, scale_), b_, domain_bias_});
    version_ = scope_.mode().weights_version;
  }
  return grouped_linear(x, folded_.weight, folded_.bias, domains, activation);
}

Var LoraLinear::operator()(const Var& x, const RowGroups& domains, Activation activation) const {
  const bool drops = scope_.mode().training && rate_ > 0;
  if (Tape::current() == nullptr && !drops &&
      a_.value.dim(0) * weight_.value.count() <= kMostFolded)
    return folded(x, domains, activation);
  const LowRank low{a_, b_, domain_bias_};
  if (!drops) return lora_linear(x, weight_, bias_, low, domains, activation, scale_);
  const Var shared = dropout_(linear(x, weight_, bias_));  // s = Dropout(x Wᵀ + b)
  const Var t = grouped_matmul(x, scale(low.a, scale_), domains);
  const Var adapted = grouped_matmul(t, low.b, domains) + gather(low.bias, domains.of);
  return activate(shared + adapted, activation);
}

}  // namespace ctr
