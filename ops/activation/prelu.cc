#include "engine/check.h"
#include "engine/launch.h"
#include "ops/activation/activation.h"
#include "ops/activation/activation_bodies.h"
#include "ops/elementwise/elementwise.h"
#include "ops/registry.h"

namespace ctr {

Var prelu(const Var& x, const Var& alpha) {
  const int64_t count = alpha.value().count();
  CTR_CHECK(x.rank() >= 1 && (count == x.dim(-1) || count == 1) && alpha.dtype() == x.dtype(),
            "prelu: alpha {} {} must hold one number, or one per element of the last axis of x {} "
            "{}",
            alpha.dtype(), alpha.shape(), x.dtype(), x.shape());
  const int64_t cols = x.dim(-1);
  const int64_t rows = cols == 0 ? 0 : x.value().count() / cols;
  const bool shared = count == 1;
  Tensor y(x.shape(), x.dtype(), x.device());
  visit_float(x.dtype(), "prelu", [&](auto zero) {
    using T = decltype(zero);
    for_each_2d(
        x.device(), rows, cols,
        PreluForward<T>{x.value().data<T>(), alpha.value().data<T>(), y.data<T>(), cols, shared});
  });
  auto backward = [xv = x.value(), av = alpha.value(), rows, cols, shared](const Tensor& dy,
                                                                           GradientSink& sink) {
    visit_float(dy.dtype(), "prelu", [&](auto zero) {
      using T = decltype(zero);
      if (sink.needs(0)) {
        Tensor dx(xv.shape(), xv.dtype(), xv.device());
        for_each_2d(
            dy.device(), rows, cols,
            PreluBackward<T>{xv.data<T>(), av.data<T>(), dy.data<T>(), dx.data<T>(), cols, shared});
        sink.put(0, dx);
      }
      if (sink.needs(1)) {
        Tensor by_column({cols}, dy.dtype(), dy.device());
        reduce_cols(dy.device(), rows, cols,
                    PreluBackwardAlpha<T>{xv.data<T>(), dy.data<T>(), by_column.data<T>(), cols});
        sink.put(1, shared ? column_sum(by_column, 1) : by_column);
      }
    });
  };
  return record("prelu", y, {x, alpha}, backward);
}

OpInfo op_prelu() {
  return {
      .name = "prelu",
      .formula = "y = x above 0, alpha x elsewhere",
      .inputs = {"x", "alpha"},
      .constants = {},
      .call =
          [](const OpArguments& a) { return std::vector<Var>{prelu(a.inputs[0], a.inputs[1])}; },
      .cases = {{"odd sizes", {{5, 7}, {7}}},
                {"three axes", {{2, 3, 4}, {4}}},
                {"one alpha", {{3, 5}, {1}}},
                {"one row", {{1, 2}, {2}}},
                {"empty", {{0, 4}, {4}}}},
      .refused = {{"alpha", {{5, 7}, {6}}, {}, {}, "prelu: alpha f64 [6] must hold one number"}},
      .golden = {{"prelu"}}};
}

}  // namespace ctr
