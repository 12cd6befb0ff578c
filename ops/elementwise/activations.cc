#include "engine/check.h"
#include "engine/launch.h"
#include "ops/elementwise/elementwise.h"
#include "ops/elementwise/elementwise_bodies.h"
#include "ops/registry.h"

namespace ctr {
namespace {

template <template <class> class Body>
void forward(const Tensor& x, Tensor& y) {
  visit_float(x.dtype(), Body<float>::kName, [&](auto zero) {
    using T = decltype(zero);
    for_each(x.device(), x.count(), Body<T>{x.data<T>(), y.data<T>()});
  });
}

template <template <class> class Body>
void backward(const Tensor& y, const Tensor& dy, Tensor& dx) {
  visit_float(y.dtype(), Body<float>::kName, [&](auto zero) {
    using T = decltype(zero);
    for_each(y.device(), y.count(), Body<T>{y.data<T>(), dy.data<T>(), dx.data<T>()});
  });
}

void forward(const Tensor& x, Tensor& y, Activation activation) {
  switch (activation) {
    case Activation::identity:
      break;
    case Activation::relu:
      return forward<ReluForward>(x, y);
    case Activation::sigmoid:
      return forward<SigmoidForward>(x, y);
    case Activation::tanh:
      return forward<TanhForward>(x, y);
  }
}

OpInfo activation_op(Activation activation, const char* formula) {
  std::string name(name_of(activation));
  return {.name = name,
          .formula = formula,
          .inputs = {"x"},
          .constants = {},
          .call =
              [activation](const OpArguments& a) {
                return std::vector<Var>{activate(a.inputs[0], activation)};
              },
          .cases = {{"one row", {{1, 3}}},
                    {"odd sizes", {{3, 7}}},
                    {"empty", {{0, 5}}},
                    {"large", {{65, 33}}}},
          .refused = {},
          .golden = {{name}}};
}

}  // namespace

void apply_activation(Tensor& y, Activation activation) { forward(y, y, activation); }

Tensor activation_backward(const Tensor& y, const Tensor& dy, Activation activation) {
  if (activation == Activation::identity) return dy;
  Tensor dx(y.shape(), y.dtype(), y.device());
  switch (activation) {
    case Activation::identity:
      break;
    case Activation::relu:
      backward<ReluBackward>(y, dy, dx);
      break;
    case Activation::sigmoid:
      backward<SigmoidBackward>(y, dy, dx);
      break;
    case Activation::tanh:
      backward<TanhBackward>(y, dy, dx);
      break;
  }
  return dx;
}

Var activate(const Var& x, Activation activation) {
  if (activation == Activation::identity) return x;
  Tensor y(x.shape(), x.dtype(), x.device());
  forward(x.value(), y, activation);
  return record(name_of(activation).data(), y, {x},
                [y, activation](const Tensor& dy, GradientSink& sink) {
                  sink.put(0, activation_backward(y, dy, activation));
                });
}

Var relu(const Var& x) { return activate(x, Activation::relu); }
Var sigmoid(const Var& x) { return activate(x, Activation::sigmoid); }
Var tanh(const Var& x) { return activate(x, Activation::tanh); }

OpInfo op_relu() { return activation_op(Activation::relu, "y = max(0, x)"); }
OpInfo op_sigmoid() { return activation_op(Activation::sigmoid, "y = 1 / (1 + exp(-x))"); }
OpInfo op_tanh() { return activation_op(Activation::tanh, "y = tanh(x)"); }

}  // namespace ctr
