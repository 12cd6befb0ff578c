#include "engine/check.h"
#include "ops/activation/activation.h"
#include "ops/elementwise/elementwise.h"
#include "ops/registry.h"

namespace ctr {

Var dice(const Var& x, const Var& alpha, RunningStatistics* running, bool training,
         double epsilon) {
  CTR_CHECK(training || running != nullptr, "dice: evaluation needs running statistics");
  const BatchNormOptions options{epsilon, -1};
  Var p = sigmoid(training ? batch_norm(x, Var(), Var(), running, options)
                           : batch_norm_evaluated(x, Var(), Var(), *running, options));
  Var px = p * x;
  return px + (x + scale(px, -1)) * alpha;
}

OpInfo op_dice() {
  return {.name = "dice",
          .formula = "y = p x + alpha (1 - p) x, p = sigmoid(batch_norm(x))",
          .inputs = {"x", "alpha"},
          .constants = {},
          .call =
              [](const OpArguments& a) {
                return std::vector<Var>{dice(a.inputs[0], a.inputs[1], nullptr, true)};
              },
          .cases = {{"odd sizes", {{7, 3}, {3}}}, {"three axes", {{2, 3, 4}, {4}}}},
          .refused = {{"one row", {{1, 3}, {3}}, {}, {}, "batch_norm: training needs more"},
                      {"empty", {{0, 3}, {3}}, {}, {}, "batch_norm: training needs more"},
                      {"alpha", {{5, 3}, {4}}, {}, {}, "multiply: b f64 [4] must have the shape"}},
          .devices = {Device::cpu}};
}

}  // namespace ctr
