#include "ops/activation/activation.h"

#include "engine/check.h"
#include "engine/launch.h"
#include "ops/activation/activation_bodies.h"
#include "ops/elementwise/elementwise.h"
#include "ops/registry.h"

namespace ctr {
namespace {

// One curve on tensors.
struct Functions {
  const char* name;
  bool of_output;
  void (*forward)(const Tensor& x, Tensor& y);
  void (*backward)(const Tensor& kept, const Tensor& dy, Tensor& dx);
  void (*backward_sum)(const Tensor& kept, const Tensor& dy, Tensor& dx, Tensor& sum);
};

template <class Curve>
void forward(const Tensor& x, Tensor& y) {
  visit_float(x.dtype(), Curve::kName, [&](auto zero) {
    using T = decltype(zero);
    for_each(x.device(), x.count(), CurveForward<T, Curve>{x.data<T>(), y.data<T>()});
  });
}

template <class Curve>
void backward(const Tensor& kept, const Tensor& dy, Tensor& dx) {
  visit_float(kept.dtype(), Curve::kName, [&](auto zero) {
    using T = decltype(zero);
    for_each(kept.device(), kept.count(),
             CurveBackward<T, Curve>{kept.data<T>(), dy.data<T>(), dx.data<T>()});
  });
}

template <class Curve>
void backward_sum(const Tensor& kept, const Tensor& dy, Tensor& dx, Tensor& sum) {
  const int64_t cols = sum.count();
  visit_float(kept.dtype(), Curve::kName, [&](auto zero) {
    using T = decltype(zero);
    reduce_cols(kept.device(), cols == 0 ? 0 : kept.count() / cols, cols,
                CurveBackwardSum<T, Curve>{kept.data<T>(), dy.data<T>(), dx.data<T>(),
                                           sum.data<T>(), cols});
  });
}

template <class Curve>
constexpr Functions functions_of() {
  if constexpr (Curve::kOfOutput)
    return {Curve::kName, true, forward<Curve>, backward<Curve>, backward_sum<Curve>};
  return {Curve::kName, false, forward<Curve>, backward<Curve>, nullptr};
}

const Functions& functions_of(Activation activation) {
  static constexpr Functions all[] = {{"identity", true, nullptr, nullptr, nullptr},
                                      functions_of<ReluCurve>(),
                                      functions_of<SigmoidCurve>(),
                                      functions_of<TanhCurve>(),
                                      functions_of<LeakyReluCurve>(),
                                      functions_of<SoftplusCurve>(),
                                      functions_of<GeluCurve>(),
                                      functions_of<GeluTanhCurve>(),
                                      functions_of<MishCurve>()};
  static_assert(std::size(all) == kActivationNames.size());
  return all[static_cast<size_t>(activation)];
}

Var apply(const Var& x, const Functions& curve) {
  Tensor y(x.shape(), x.dtype(), x.device());
  curve.forward(x.value(), y);
  const Tensor kept = curve.of_output ? y : x.value();
  return record(curve.name, y, {x},
                [kept, backward = curve.backward](const Tensor& dy, GradientSink& sink) {
                  Tensor dx(kept.shape(), kept.dtype(), kept.device());
                  backward(kept, dy, dx);
                  sink.put(0, dx);
                });
}

OpInfo curve_op(const std::string& name, const char* formula, Var (*op)(const Var&)) {
  return {.name = name,
          .formula = formula,
          .inputs = {"x"},
          .constants = {},
          .call = [op](const OpArguments& a) { return std::vector<Var>{op(a.inputs[0])}; },
          .cases = {{"one row", {{1, 3}}},
                    {"odd sizes", {{3, 7}}},
                    {"empty", {{0, 5}}},
                    {"large", {{65, 33}}}},
          .refused = {},
          .golden = {{name}}};
}

template <Activation kActivation>
OpInfo activation_op(const char* formula) {
  return curve_op(std::string(name_of(kActivation)), formula,
                  [](const Var& x) { return activate(x, kActivation); });
}

}  // namespace

bool keeps_output(Activation activation) { return functions_of(activation).of_output; }

void apply_activation(Tensor& y, Activation activation) {
  if (activation != Activation::identity) functions_of(activation).forward(y, y);
}

Tensor activation_backward(const Tensor& kept, const Tensor& dy, Activation activation,
                           Tensor* column_sums) {
  if (activation == Activation::identity) {
    if (column_sums != nullptr) *column_sums = column_sum(dy, dy.dim(1));
    return dy;
  }
  Tensor dx = dy.unique() ? dy : Tensor(dy.shape(), dy.dtype(), dy.device());
  if (column_sums == nullptr) {
    functions_of(activation).backward(kept, dy, dx);
  } else {
    *column_sums = Tensor({dy.dim(1)}, dy.dtype(), dy.device());
    functions_of(activation).backward_sum(kept, dy, dx, *column_sums);
  }
  return dx;
}

Var activate(const Var& x, Activation activation) {
  return activation == Activation::identity ? x : apply(x, functions_of(activation));
}

Var exp(const Var& x) { return apply(x, functions_of<ExpCurve>()); }
Var log(const Var& x) { return apply(x, functions_of<LogCurve>()); }
Var log1p_abs(const Var& x) { return apply(x, functions_of<Log1pAbsCurve>()); }

OpInfo op_relu() { return activation_op<Activation::relu>("y = max(0, x)"); }
OpInfo op_sigmoid() { return activation_op<Activation::sigmoid>("y = 1 / (1 + exp(-x))"); }
OpInfo op_tanh() { return activation_op<Activation::tanh>("y = tanh(x)"); }
OpInfo op_leaky_relu() { return activation_op<Activation::leaky_relu>("y = max(x, 0.01 x)"); }
OpInfo op_softplus() { return activation_op<Activation::softplus>("y = log(1 + exp(x))"); }
OpInfo op_gelu() { return activation_op<Activation::gelu>("y = x Phi(x)"); }
OpInfo op_gelu_tanh() {
  return activation_op<Activation::gelu_tanh>("y = x (1 + tanh(sqrt(2/pi) (x + .044715 x^3))) / 2");
}
OpInfo op_mish() { return activation_op<Activation::mish>("y = x tanh(log(1 + exp(x)))"); }
OpInfo op_exp() { return curve_op("exp", "y = exp(x)", exp); }
OpInfo op_log() {
  OpInfo info = curve_op("log", "y = log(x)", log);
  info.domain = InputDomain::positive;
  return info;
}
OpInfo op_log1p_abs() { return curve_op("log1p_abs", "y = log(1 + |x|)", log1p_abs); }

}  // namespace ctr
