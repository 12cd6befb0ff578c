#include "engine/check.h"
#include "engine/launch.h"
#include "ops/elementwise/elementwise.h"
#include "ops/elementwise/elementwise_bodies.h"
#include "ops/registry.h"

namespace ctr {
namespace {

Tensor masked(const Tensor& x, double rate, const RandomStream& stream) {
  Tensor y(x.shape(), x.dtype(), x.device());
  visit_float(x.dtype(), "dropout", [&](auto zero) {
    using T = decltype(zero);
    for_each(
        x.device(), x.count(),
        Dropout<T>{x.data<T>(), y.data<T>(), stream, rate, static_cast<T>(1.0 / (1.0 - rate))});
  });
  return y;
}

}  // namespace

Var dropout(const Var& x, double rate, const RandomStream& stream) {
  CTR_CHECK(rate >= 0 && rate < 1, "dropout: the rate must lie in [0, 1), got {}", rate);
  if (rate == 0) return x;
  return record("dropout", masked(x.value(), rate, stream), {x},
                [rate, stream](const Tensor& dy, GradientSink& sink) {
                  sink.put(0, masked(dy, rate, stream));
                });
}

OpInfo op_dropout() {
  return {.name = "dropout",
          .formula = "y = x / (1 - rate) where kept, else 0",
          .inputs = {"x"},
          .constants = {},
          .attributes = {"rate", "seed"},
          .call =
              [](const OpArguments& a) {
                RandomStream stream{static_cast<uint64_t>(a.number("seed", 7)), 1, 0};
                return std::vector<Var>{dropout(a.inputs[0], a.number("rate", 0.5), stream)};
              },
          .cases = {{"half", {{9, 7}}, {}, {{"rate", "0.5"}}},
                    {"tenth", {{33}}, {}, {{"rate", "0.1"}}},
                    {"none", {{3, 2}}, {}, {{"rate", "0"}}},
                    {"empty", {{0, 2}}, {}, {{"rate", "0.5"}}}},
          .refused = {
              {"all", {{3}}, {}, {{"rate", "1"}}, "dropout: the rate must lie in [0, 1), got 1"}}};
}

}  // namespace ctr
