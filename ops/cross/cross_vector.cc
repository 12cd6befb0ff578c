#include "engine/check.h"
#include "engine/launch.h"
#include "ops/cross/cross.h"
#include "ops/cross/cross_bodies.h"
#include "ops/registry.h"

namespace ctr {
namespace {

// Positions of the inputs.
enum : int { kX0, kX, kWeight, kBias };

Tensor dots(const Tensor& a, const Tensor& b, int64_t stride) {
  Tensor s({a.dim(0)}, a.dtype(), a.device());
  visit_float(a.dtype(), "cross_vector", [&](auto zero) {
    using T = decltype(zero);
    reduce_rows(a.device(), a.dim(0), a.dim(1),
                CrossDot<T>{a.data<T>(), b.data<T>(), s.data<T>(), a.dim(1), stride});
  });
  return s;
}

struct Kept {
  Tensor x0, x, w, s;
  bool residual;
};

void backward_of(const Kept& kept, const Tensor& dy, GradientSink& sink) {
  const int64_t rows = dy.dim(0), cols = dy.dim(1);
  const bool self = sink.same(kX0, kX);
  Tensor* sum = sink.sum(kX0);
  Tensor dx0, dx, db({cols}, dy.dtype(), dy.device()), dw({cols}, dy.dtype(), dy.device());
  if (sink.needs(kX0)) dx0 = sum != nullptr ? *sum : Tensor(dy.shape(), dy.dtype(), dy.device());
  if (sink.needs(kX) && !self) dx = Tensor(dy.shape(), dy.dtype(), dy.device());
  const Tensor t = dots(dy, kept.x0, cols);
  visit_float(dy.dtype(), "cross_vector", [&](auto zero) {
    using T = decltype(zero);
    reduce_cols(
        dy.device(), rows, cols,
        CrossVectorBackward<T>{dy.data<T>(), kept.s.data<T>(), t.data<T>(), kept.w.data<T>(),
                               dx0.defined() ? dx0.data<T>() : nullptr,
                               dx.defined() ? dx.data<T>() : nullptr, db.data<T>(), cols,
                               kept.residual ? T(1) : T(0), self ? T(1) : T(0), sum != nullptr});
    if (sink.needs(kWeight))
      reduce_cols(dy.device(), rows, cols,
                  CrossVectorWeight<T>{t.data<T>(), kept.x.data<T>(), dw.data<T>(), cols});
  });
  if (dx0.defined() && sum == nullptr) sink.put(kX0, dx0);
  if (dx.defined()) sink.put(kX, dx);
  if (sink.needs(kWeight)) sink.put(kWeight, dw);
  sink.put(kBias, db);
}

}  // namespace

Var cross_vector(const Var& x0, const Var& x, const Var& weight, const Var& bias, bool residual) {
  CTR_CHECK(x0.rank() == 2 && x.shape() == x0.shape() && weight.value().count() == x0.dim(1) &&
                bias.value().count() == x0.dim(1) && x.dtype() == x0.dtype() &&
                weight.dtype() == x0.dtype() && bias.dtype() == x0.dtype(),
            "cross_vector: x0 {} {} x {} {} w {} b {} must be [batch, width] twice and [width] "
            "twice, of one type",
            x0.dtype(), x0.shape(), x.dtype(), x.shape(), weight.shape(), bias.shape());
  const Tensor s = dots(x.value(), weight.value(), 0);
  Tensor y(x0.shape(), x0.dtype(), x0.device());
  visit_float(y.dtype(), "cross_vector", [&](auto zero) {
    using T = decltype(zero);
    for_each_2d(
        y.device(), y.dim(0), y.dim(1),
        CrossVectorForward<T>{x0.value().data<T>(), s.data<T>(), bias.value().data<T>(),
                              residual ? x.value().data<T>() : nullptr, y.data<T>(), y.dim(1)});
  });
  return record("cross_vector", y, {x0, x, weight, bias},
                [kept = Kept{x0.value(), x.value(), weight.value(), s, residual}](
                    const Tensor& dy, GradientSink& sink) { backward_of(kept, dy, sink); });
}

OpInfo op_cross_vector() {
  auto call = [](const OpArguments& a) {
    const Var& x0 = a.inputs[0];
    return std::vector<Var>{cross_vector(x0, a.inputs.size() > 3 ? a.inputs[3] : x0, a.inputs[1],
                                         a.inputs[2], a.text("residual", "true") == "true")};
  };
  return {
      .name = "cross_vector",
      .formula = "y = x0 (x w) + b + x",
      .inputs = {"x0", "w", "b", "x?"},
      .constants = {},
      .attributes = {"residual"},
      .call = call,
      .cases = {{"odd sizes", {{5, 7}, {7}, {7}, {5, 7}}},
                {"first layer", {{5, 7}, {1, 7}, {7}}},
                {"without residual", {{4, 9}, {9}, {9}, {4, 9}}, {}, {{"residual", "false"}}},
                {"first layer without", {{4, 3}, {3}, {3}}, {}, {{"residual", "false"}}},
                {"one row", {{1, 3}, {3}, {3}, {1, 3}}},
                {"several blocks", {{131, 19}, {19}, {19}, {131, 19}}},
                {"empty", {{0, 3}, {3}, {3}, {0, 3}}}},
      .refused = {{"width",
                   {{5, 7}, {6}, {7}, {5, 7}},
                   {},
                   {},
                   "cross_vector: x0 f64 [5,7] x f64 [5,7] w [6] b [7] must be"},
                  {"rows", {{5, 7}, {7}, {7}, {4, 7}}, {}, {}, "cross_vector: x0 f64 [5,7] x"}}};
}

}  // namespace ctr
