#include "ops/gru/gru.h"

#include "engine/check.h"
#include "engine/launch.h"
#include "ops/gru/gru_bodies.h"
#include "ops/registry.h"

namespace ctr {

Var gru_step(const Var& of_input, const Var& of_state, const Var& h) {
  CTR_CHECK(h.rank() == 2 && of_input.shape() == of_state.shape() && of_input.rank() == 2 &&
                of_input.dim(0) == h.dim(0) && of_input.dim(1) == 3 * h.dim(1) &&
                of_input.dtype() == h.dtype() && of_state.dtype() == h.dtype(),
            "gru_step: gates {} {} and {} {} must be [rows, 3 width] of a state [rows, width], got "
            "{} {}",
            of_input.dtype(), of_input.shape(), of_state.dtype(), of_state.shape(), h.dtype(),
            h.shape());
  const int64_t rows = h.dim(0), width = h.dim(1);
  Tensor gates(of_input.shape(), h.dtype(), h.device()), y(h.shape(), h.dtype(), h.device());
  visit_float(h.dtype(), "gru_step", [&](auto zero) {
    using T = decltype(zero);
    for_each_2d(h.device(), rows, width,
                GruForward<T>{of_input.value().data<T>(), of_state.value().data<T>(),
                              h.value().data<T>(), gates.data<T>(), y.data<T>(), width});
  });
  auto backward = [=, state = of_state.value(), hv = h.value()](const Tensor& dy,
                                                                GradientSink& sink) {
    Tensor d_input(gates.shape(), dy.dtype()), d_state(gates.shape(), dy.dtype());
    Tensor dh(hv.shape(), dy.dtype());
    visit_float(dy.dtype(), "gru_step", [&](auto zero) {
      using T = decltype(zero);
      for_each_2d(dy.device(), rows, width,
                  GruBackward<T>{gates.data<T>(), state.data<T>(), hv.data<T>(), dy.data<T>(),
                                 d_input.data<T>(), d_state.data<T>(), dh.data<T>(), width});
    });
    if (sink.needs(0)) sink.put(0, d_input);
    if (sink.needs(1)) sink.put(1, d_state);
    if (sink.needs(2)) sink.put(2, dh);
  };
  return record("gru_step", y, {of_input, of_state, h}, backward);
}

OpInfo op_gru_step() {
  return {.name = "gru_step",
          .formula = "h' = (1 - z) n + z h, r, z = sigmoid(i + g), n = tanh(i_n + r g_n)",
          .inputs = {"i", "g", "h"},
          .constants = {},
          .call =
              [](const OpArguments& a) {
                return std::vector<Var>{gru_step(a.inputs[0], a.inputs[1], a.inputs[2])};
              },
          .cases = {{"odd sizes", {{3, 15}, {3, 15}, {3, 5}}},
                    {"one row", {{1, 3}, {1, 3}, {1, 1}}},
                    {"empty", {{0, 6}, {0, 6}, {0, 2}}}},
          .refused = {{"width",
                       {{3, 15}, {3, 15}, {3, 4}},
                       {},
                       {},
                       "gru_step: gates f64 [3,15] and f64 [3,15] must be"}}};
}

}  // namespace ctr
