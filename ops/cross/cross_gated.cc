#include "engine/check.h"
#include "engine/launch.h"
#include "ops/cross/cross.h"
#include "ops/cross/cross_bodies.h"
#include "ops/linear/product.h"
#include "ops/registry.h"

namespace ctr {
namespace {

// Positions of the inputs.
enum : int { kX0, kX, kWeight, kGate, kBias };

struct Kept {
  Tensor x0, x, w, g, u, s;
};

void put_weight(const Tensor& dz, const Tensor& x, int input, GradientSink& sink) {
  if (!sink.needs(input)) return;
  Tensor dw({dz.dim(1), x.dim(1)}, x.dtype(), x.device());
  product(dz, Transpose::yes, x, Transpose::no, dw);
  sink.put(input, dw);
}

void backward_of(const Kept& kept, const Tensor& dy, GradientSink& sink) {
  const bool self = sink.same(kX0, kX);
  const bool over = dy.unique() && (self || !sink.needs(kX));  // dy is of no more use
  Tensor* sum = sink.sum(kX0);
  const auto like_dy = [&] { return Tensor(dy.shape(), dy.dtype(), dy.device()); };
  Tensor dx0, db({dy.dim(1)}, dy.dtype(), dy.device());
  if (sink.needs(kX0)) dx0 = sum != nullptr ? *sum : like_dy();
  Tensor du = over ? dy : like_dy(), dv = like_dy();
  visit_float(dy.dtype(), "cross_gated", [&](auto zero) {
    using T = decltype(zero);
    reduce_cols(
        dy.device(), dy.dim(0), dy.dim(1),
        GatedBackward<T>{dy.data<T>(), kept.x0.data<T>(), kept.u.data<T>(), kept.s.data<T>(),
                         du.data<T>(), dv.data<T>(), dx0.defined() ? dx0.data<T>() : nullptr,
                         db.data<T>(), dy.dim(1), self ? T(1) : T(0), sum != nullptr});
  });
  sink.put(kBias, db);
  put_weight(du, kept.x, kWeight, sink);
  put_weight(dv, kept.x, kGate, sink);
  const auto add_inputs = [&](Tensor& dx, ColumnRange columns) {  // dx += du W + dv G
    input_gradient(du, kept.w, Transpose::yes, columns, dx, true);
    input_gradient(dv, kept.g, Transpose::yes, columns, dx, true);
  };
  if (self && dx0.defined()) add_inputs(dx0, sink.columns(kX0));
  if (dx0.defined() && sum == nullptr) sink.put(kX0, dx0);
  if (self || !sink.needs(kX)) return;
  Tensor dx = dy.unique() ? dy : dy.clone();
  add_inputs(dx, {0, dx.dim(1)});
  sink.put(kX, dx);
}

}  // namespace

Var cross_gated(const Var& x0, const Var& x, const Var& weight, const Var& gate, const Var& bias) {
  const bool fits = x0.rank() == 2 && x.shape() == x0.shape() &&
                    weight.shape() == Shape({x0.dim(1), x0.dim(1)}) &&
                    gate.shape() == weight.shape() && bias.value().count() == x0.dim(1) &&
                    x.dtype() == x0.dtype() && weight.dtype() == x0.dtype() &&
                    gate.dtype() == x0.dtype() && bias.dtype() == x0.dtype();
  CTR_CHECK(fits,
            "cross_gated: x0 {} {} x {} W {} G {} b {} do not fit y = x0 (x Wᵀ + b) σ(x Gᵀ) + x",
            x0.dtype(), x0.shape(), x.shape(), weight.shape(), gate.shape(), bias.shape());
  const auto like_x = [&] { return Tensor(x0.shape(), x0.dtype(), x0.device()); };
  Tensor u = like_x(), s = like_x(), y = like_x();
  product(x.value(), Transpose::no, weight.value(), Transpose::yes, u, {.bias = bias.value()});
  product(x.value(), Transpose::no, gate.value(), Transpose::yes, s);
  visit_float(y.dtype(), "cross_gated", [&](auto zero) {
    using T = decltype(zero);
    for_each(y.device(), y.count(),
             GatedForward<T>{x0.value().data<T>(), u.data<T>(), x.value().data<T>(), s.data<T>(),
                             y.data<T>()});
  });
  return record("cross_gated", y, {x0, x, weight, gate, bias},
                [kept = Kept{x0.value(), x.value(), weight.value(), gate.value(), u, s}](
                    const Tensor& dy, GradientSink& sink) { backward_of(kept, dy, sink); });
}

OpInfo op_cross_gated() {
  auto call = [](const OpArguments& a) {
    const Var& x0 = a.inputs[0];
    return std::vector<Var>{cross_gated(x0, a.inputs.size() > 4 ? a.inputs[4] : x0, a.inputs[1],
                                        a.inputs[2], a.inputs[3])};
  };
  return {.name = "cross_gated",
          .formula = "y = x0 (x W^T + b) sigmoid(x G^T) + x",
          .inputs = {"x0", "w", "g", "b", "x?"},
          .constants = {},
          .call = call,
          .cases = {{"odd sizes", {{5, 7}, {7, 7}, {7, 7}, {7}, {5, 7}}},
                    {"first layer", {{5, 7}, {7, 7}, {7, 7}, {7}}},
                    {"one row", {{1, 3}, {3, 3}, {3, 3}, {3}, {1, 3}}},
                    {"several blocks", {{131, 19}, {19, 19}, {19, 19}, {19}, {131, 19}}},
                    {"empty", {{0, 3}, {3, 3}, {3, 3}, {3}, {0, 3}}}},
          .refused = {{"gate",
                       {{5, 7}, {7, 7}, {7, 6}, {7}, {5, 7}},
                       {},
                       {},
                       "cross_gated: x0 f64 [5,7] x [5,7] W [7,7] G [7,6] b [7] do not fit"},
                      {"rows",
                       {{5, 7}, {7, 7}, {7, 7}, {7}, {4, 7}},
                       {},
                       {},
                       "cross_gated: x0 f64 [5,7] x [4,7]"}},
          .devices = {Device::cpu}};
}

}  // namespace ctr
