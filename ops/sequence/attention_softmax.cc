#include "engine/check.h"
#include "engine/launch.h"
#include "ops/elementwise/row_bodies.h"
#include "ops/registry.h"
#include "ops/sequence/sequence.h"
#include "ops/sequence/sequence_bodies.h"
#include "ops/softmax/softmax_bodies.h"

namespace ctr {

Var attention_softmax(const Var& x, const Tensor& mask, int64_t heads, bool causal, double scale) {
  CTR_CHECK(x.rank() == 3 && mask.rank() == 2 && mask.dtype() == DType::i64 && heads > 0 &&
                x.dim(0) == mask.dim(0) * heads && x.dim(1) == x.dim(2) && x.dim(2) == mask.dim(1),
            "attention_softmax: x {} and mask {} {} must be [B {}, L, L] and i64 [B, L]", x.shape(),
            mask.dtype(), mask.shape(), heads);
  const int64_t length = x.dim(2), rows = x.dim(0) * length;
  Tensor y(x.shape(), x.dtype(), x.device());
  Tensor scratch({2, rows}, x.dtype(), x.device());
  visit_float(x.dtype(), "attention_softmax", [&](auto zero) {
    using T = decltype(zero);
    const Tensor kept = mask.cast(x.dtype());
    const SeenPlaces<T> seen{kept.data<T>(), heads, length, causal};
    const T* in = x.value().data<T>();
    T* largest = scratch.data<T>();
    T* sum = largest + rows;
    const T factor = static_cast<T>(scale);
    reduce_rows(x.device(), rows, length, AttentionMax<T>{seen, in, largest, factor});
    reduce_rows(x.device(), rows, length,
                AttentionExpSum<T>{seen, in, largest, y.data<T>(), sum, factor});
    for_each_2d(x.device(), rows, length, DivideRows<T>{sum, y.data<T>(), length});
  });
  auto backward = [y, rows, length, scale](const Tensor& dy, GradientSink& sink) {
    if (!sink.needs(0)) return;
    Tensor dx(y.shape(), y.dtype(), y.device());
    Tensor dot({rows}, y.dtype(), y.device());
    visit_float(y.dtype(), "attention_softmax", [&](auto zero) {
      using T = decltype(zero);
      reduce_rows(y.device(), rows, length,
                  RowDot<T>{y.data<T>(), dy.data<T>(), dot.data<T>(), length});
      for_each_2d(y.device(), rows, length,
                  AttentionBackward<T>{y.data<T>(), dy.data<T>(), dot.data<T>(), dx.data<T>(),
                                       length, static_cast<T>(scale)});
    });
    sink.put(0, dx);
  };
  return record("attention_softmax", y, {x}, backward);
}

OpInfo op_attention_softmax() {
  auto call = [](const OpArguments& a) {
    return std::vector<Var>{
        attention_softmax(a.inputs[0], a.constants[0], static_cast<int64_t>(a.number("heads", 1)),
                          a.text("causal", "false") == "true", a.number("scale", 1))};
  };
  auto mask = [](const Shape& shape, std::vector<int64_t> values) {
    return Tensor::from(shape, values);
  };
  const Tensor three = mask({2, 3}, {1, 0, 1, 0, 0, 1});
  return {.name = "attention_softmax",
          .formula = "softmax over the places j of scale x_ij that place i sees",
          .inputs = {"x"},
          .constants = {"mask"},
          .attributes = {"heads", "causal", "scale"},
          .call = call,
          .cases = {{"two heads", {{4, 3, 3}}, {three}, {{"heads", "2"}, {"scale", "0.7"}}},
                    {"causal", {{2, 3, 3}}, {three}, {{"causal", "true"}}},
                    {"nothing but padding", {{1, 2, 2}}, {mask({1, 2}, {0, 1})}},
                    {"empty", {{0, 3, 3}}, {mask({0, 3}, {})}}},
          .refused = {{"mask",
                       {{2, 3, 3}},
                       {three},
                       {{"heads", "2"}},
                       "attention_softmax: x [2,3,3] and mask i64 [2,3] must be"}}};
}

}  // namespace ctr
