#include "engine/check.h"
#include "engine/launch.h"
#include "ops/cross/cross.h"
#include "ops/cross/cross_bodies.h"
#include "ops/linear/product.h"
#include "ops/registry.h"

namespace ctr {
namespace {

// Positions of the inputs.
enum : int { kX0, kWeight, kBias, kX, kH };

struct Kept {
  Tensor x0, h, w, u;
};

// du, and beside it db and dx0; du lies over dy where dy is of no more use.
Tensor through_product(const Kept& kept, const Tensor& dy, bool self, bool add, bool over,
                       Tensor& dx0, Tensor& db) {
  Tensor du = over ? dy : Tensor(dy.shape(), dy.dtype(), dy.device());
  visit_float(dy.dtype(), "cross_matrix", [&](auto zero) {
    using T = decltype(zero);
    reduce_cols(dy.device(), dy.dim(0), dy.dim(1),
                CrossBackward<T>{dy.data<T>(), kept.x0.data<T>(), kept.u.data<T>(), du.data<T>(),
                                 dx0.defined() ? dx0.data<T>() : nullptr, db.data<T>(), dy.dim(1),
                                 self ? T(1) : T(0), add});
  });
  return du;
}

void backward_of(const Kept& kept, const Tensor& dy, GradientSink& sink) {
  const bool x_is_x0 = sink.same(kX, kX0), h_is_x0 = sink.same(kH, kX0), h_is_x = sink.same(kH, kX);
  Tensor* sum = sink.sum(kX0);
  Tensor dx0, db({dy.dim(1)}, dy.dtype(), dy.device());
  if (sink.needs(kX0)) dx0 = sum != nullptr ? *sum : Tensor(dy.shape(), dy.dtype(), dy.device());
  const bool dy_is_done = x_is_x0 || !sink.needs(kX);
  const Tensor du =
      through_product(kept, dy, x_is_x0, sum != nullptr, dy_is_done && dy.unique(), dx0, db);
  sink.put(kBias, db);
  if (sink.needs(kWeight)) {  // dW = duᵀ h
    Tensor dw(kept.w.shape(), dy.dtype(), dy.device());
    product(du, Transpose::yes, kept.h, Transpose::no, dw);
    sink.put(kWeight, dw);
  }
  // dh = du W, added where h's gradient has other shares.
  if (h_is_x0) input_gradient(du, kept.w, Transpose::yes, sink.columns(kX0), dx0, true);
  if (dx0.defined() && sum == nullptr) sink.put(kX0, dx0);
  if (sink.needs(kX) && !x_is_x0) {
    Tensor dx = dy;
    if (h_is_x) {
      if (!dy.unique()) dx = dy.clone();
      input_gradient(du, kept.w, Transpose::yes, {0, kept.w.dim(1)}, dx, true);
    }
    sink.put(kX, dx);
  }
  if (sink.needs(kH) && !h_is_x && !h_is_x0) {
    Tensor dh(kept.h.shape(), dy.dtype(), dy.device());
    input_gradient(du, kept.w, Transpose::yes, sink.columns(kH), dh);
    sink.put(kH, dh);
  }
}

}  // namespace

Var cross_matrix(const Var& x0, const Var& h, const Var& weight, const Var& bias, const Var& x) {
  CTR_CHECK(x0.rank() == 2 && x.shape() == x0.shape() && h.rank() == 2 && weight.rank() == 2 &&
                h.dim(0) == x0.dim(0) && weight.dim(0) == x0.dim(1) && weight.dim(1) == h.dim(1) &&
                bias.value().count() == x0.dim(1) && x.dtype() == x0.dtype() &&
                h.dtype() == x0.dtype() && weight.dtype() == x0.dtype() &&
                bias.dtype() == x0.dtype(),
            "cross_matrix: x0 {} {} h {} W {} b {} x {} do not fit y = x0 (h Wᵀ + b) + x",
            x0.dtype(), x0.shape(), h.shape(), weight.shape(), bias.shape(), x.shape());
  Tensor u(x0.shape(), x0.dtype(), x0.device()), y(x0.shape(), x0.dtype(), x0.device());
  product(h.value(), Transpose::no, weight.value(), Transpose::yes, u, {.bias = bias.value()});
  visit_float(y.dtype(), "cross_matrix", [&](auto zero) {
    using T = decltype(zero);
    for_each(y.device(), y.count(),
             CrossForward<T>{x0.value().data<T>(), u.data<T>(), x.value().data<T>(), y.data<T>()});
  });
  return record("cross_matrix", y, {x0, weight, bias, x, h},
                [kept = Kept{x0.value(), h.value(), weight.value(), u}](
                    const Tensor& dy, GradientSink& sink) { backward_of(kept, dy, sink); });
}

OpInfo op_cross_matrix() {
  auto call = [](const OpArguments& a) {
    const Var& x0 = a.inputs[0];
    const Var& x = a.inputs.size() > 3 ? a.inputs[3] : x0;
    const bool crossed = a.text("h", "") == "x0";
    const Var& h = a.inputs.size() > 4 ? a.inputs[4] : crossed ? x0 : x;
    return std::vector<Var>{
        cross_matrix(x0, h, a.inputs[1], a.inputs[2], a.text("x", "") == "x0" ? x0 : x)};
  };
  return {
      .name = "cross_matrix",
      .formula = "y = x0 (h W^T + b) + x",
      .inputs = {"x0", "w", "b", "x?", "h?"},
      .constants = {},
      .attributes = {"h", "x"},
      .call = call,
      .cases = {{"odd sizes", {{5, 7}, {7, 7}, {7}, {5, 7}}},
                {"first layer", {{5, 7}, {7, 7}, {7}}},
                {"low rank", {{5, 7}, {7, 2}, {7}, {5, 7}, {5, 2}}},
                {"h is x0", {{3, 4}, {4, 4}, {4}, {3, 4}}, {}, {{"h", "x0"}}},
                {"x is x0", {{3, 4}, {4, 4}, {4}, {3, 4}}, {}, {{"x", "x0"}}},
                {"one row", {{1, 3}, {3, 3}, {3}, {1, 3}}},
                {"several blocks", {{131, 19}, {19, 19}, {19}, {131, 19}}},
                {"empty", {{0, 3}, {3, 3}, {3}, {0, 3}}}},
      .refused =
          {{"width",
            {{5, 7}, {7, 6}, {7}, {5, 7}},
            {},
            {},
            "cross_matrix: x0 f64 [5,7] h [5,7] W [7,6] b [7] x [5,7] do not fit"},
           {"rows", {{5, 7}, {7, 7}, {7}, {4, 7}}, {}, {}, "cross_matrix: x0 f64 [5,7] h [4,7]"}},
      .devices = {Device::cpu}};
}

}  // namespace ctr
