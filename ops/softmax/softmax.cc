#include "ops/softmax/softmax.h"

#include "engine/check.h"
#include "engine/launch.h"
#include "ops/registry.h"
#include "ops/softmax/softmax_bodies.h"

namespace ctr {

Var softmax(const Var& x) {
  CTR_CHECK(x.rank() >= 1 && x.dim(-1) > 0,
            "softmax: x must have a last axis of at least one element, got {}", x.shape());
  const int64_t cols = x.dim(-1);
  const int64_t rows = x.value().count() / cols;
  Tensor y(x.shape(), x.dtype(), x.device());
  Tensor scratch({2, rows}, x.dtype(), x.device());
  visit_float(x.dtype(), "softmax", [&](auto zero) {
    using T = decltype(zero);
    const T* in = x.value().data<T>();
    T* largest = scratch.data<T>();
    T* sum = largest + rows;
    reduce_rows(x.device(), rows, cols, RowMax<T>{in, largest, cols});
    reduce_rows(x.device(), rows, cols, RowExpSum<T>{in, largest, y.data<T>(), sum, cols});
    for_each_2d(x.device(), rows, cols, DivideRows<T>{sum, y.data<T>(), cols});
  });
  return record("softmax", y, {x}, [y, rows, cols](const Tensor& dy, GradientSink& sink) {
    if (!sink.needs(0)) return;
    Tensor dx(y.shape(), y.dtype(), y.device());
    Tensor dot({rows}, y.dtype(), y.device());
    visit_float(y.dtype(), "softmax", [&](auto zero) {
      using T = decltype(zero);
      reduce_rows(y.device(), rows, cols,
                  RowDot<T>{y.data<T>(), dy.data<T>(), dot.data<T>(), cols});
      for_each_2d(y.device(), rows, cols,
                  SoftmaxBackward<T>{y.data<T>(), dy.data<T>(), dot.data<T>(), dx.data<T>(), cols});
    });
    sink.put(0, dx);
  });
}

OpInfo op_softmax() {
  return {.name = "softmax",
          .formula = "y_j = exp(x_j) / sum_k exp(x_k)",
          .inputs = {"x"},
          .constants = {},
          .call = [](const OpArguments& a) { return std::vector<Var>{softmax(a.inputs[0])}; },
          .cases = {{"odd sizes", {{3, 7}}},
                    {"three axes", {{2, 3, 11}}},
                    {"one row", {{2}}},
                    {"empty", {{0, 4}}}},
          .refused = {{"no columns",
                       {{3, 0}},
                       {},
                       {},
                       "softmax: x must have a last axis of at least one element"}},
          .golden = {{"softmax"}}};
}

}  // namespace ctr
