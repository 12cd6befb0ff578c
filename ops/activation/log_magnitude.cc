#include "ops/activation/log_magnitude.h"

#include "engine/check.h"
#include "engine/launch.h"
#include "ops/activation/log_magnitude_bodies.h"
#include "ops/registry.h"

namespace ctr {

Var log_magnitude(const Var& x, double floor) {
  CTR_CHECK(floor > 0, "log_magnitude: the floor must be above 0, got {}", floor);
  Tensor y(x.shape(), x.dtype(), x.device());
  visit_float(x.dtype(), "log_magnitude", [&](auto zero) {
    using T = decltype(zero);
    for_each(x.device(), x.value().count(),
             LogMagnitude<T>{x.value().data<T>(), y.data<T>(), static_cast<T>(floor)});
  });
  return record("log_magnitude", y, {x},
                [kept = x.value(), floor](const Tensor& dy, GradientSink& sink) {
                  Tensor dx(kept.shape(), kept.dtype(), kept.device());
                  visit_float(kept.dtype(), "log_magnitude", [&](auto zero) {
                    using T = decltype(zero);
                    for_each(dy.device(), kept.count(),
                             LogMagnitudeBackward<T>{kept.data<T>(), dy.data<T>(), dx.data<T>(),
                                                     static_cast<T>(floor)});
                  });
                  sink.put(0, dx);
                });
}

OpInfo op_log_magnitude() {
  return {.name = "log_magnitude",
          .formula = "y = log max(|x|, floor)",
          .inputs = {"x"},
          .constants = {},
          .attributes = {"floor"},
          .call =
              [](const OpArguments& a) {
                return std::vector<Var>{log_magnitude(a.inputs[0], a.number("floor", 1e-5))};
              },
          .cases = {{"odd sizes", {{3, 7}}},
                    {"one row", {{1, 3}}},
                    {"many below the floor", {{5, 9}}, {}, {{"floor", "0.7"}}},
                    {"empty", {{0, 5}}}},
          .refused = {{"floor",
                       {{3}},
                       {},
                       {{"floor", "0"}},
                       "log_magnitude: the floor must be above 0, got 0"}}};
}

}  // namespace ctr
