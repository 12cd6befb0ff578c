#include "ops/optim/idle_bound.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/optim/visit_rule.h"

namespace ctr {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::infinity();
constexpr double kReserve = 1.01;
constexpr double kLeastEpsilon = 1e-12;    // beyond what √v may lose below the normal numbers
constexpr double kLeastComplement = 1e-5;  // 1 − β in f32 is right to 1 %
constexpr double kMostRatio = 0.999;       // sums of powers of r do not gather roundings

// The largest √(1 − β2^t)/(1 − β1^t) over t ≥ 1: what bias correction makes of the rate.
double largest_correction(double beta1, double beta2) {
  double largest = 1;  // as t grows
  for (double first = beta1, second = beta2; first > 1e-6; first *= beta1, second *= beta2)
    largest = std::max(largest, std::sqrt(1 - second) / (1 - first));
  return largest * (1 + 1e-5);  // for the t that were not looked at
}

double adam_rise(const RuleOptions& o, double rate) {
  const double ratio = o.beta1 / std::sqrt(o.beta2);
  if (!(ratio <= kMostRatio) || 1 - o.beta2 < kLeastComplement) return kUnknown;
  if (o.rule == "adamw" && rate * o.weight_decay > 1) return kUnknown;
  const double most = (1 - o.beta1) / std::sqrt((1 - o.beta2) * (1 - ratio * ratio));  // |m| / √v
  return rate * largest_correction(o.beta1, o.beta2) * most / (1 - ratio);
}

}  // namespace

double idle_rise(const RuleOptions& options, double rate, double lambda) {
  const std::string& rule = options.rule;
  if (rule == "sgd") return rate * lambda <= 1 ? 0 : kUnknown;
  if (epsilon_of(options) < kLeastEpsilon) return kUnknown;
  if (rule == "adagrad") return kReserve * rate;
  if (rule == "rmsprop") {
    const double complement = 1 - options.rmsprop_alpha;
    return complement < kLeastComplement ? kUnknown : kReserve * rate / std::sqrt(complement);
  }
  if (rule == "adam" || rule == "adam-tf" || rule == "adamw")
    return kReserve * adam_rise(options, rate);
  return kUnknown;
}

}  // namespace ctr
