#include "engine/check.h"
#include "engine/linalg.h"
#include "ops/activation/activation.h"
#include "ops/elementwise/elementwise.h"
#include "ops/experts/experts.h"
#include "ops/linear/linear.h"
#include "ops/registry.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

void check(const Var& x, const Var& weight, const Var& bias) {
  bool fits = weight.rank() == 3 && bias.rank() == 2 && (x.rank() == 2 || x.rank() == 3) &&
              weight.dim(0) > 0 && x.dtype() == weight.dtype() && x.dtype() == bias.dtype();
  if (fits)
    fits = x.dim(x.rank() - 1) == weight.dim(2) && (x.rank() == 2 || x.dim(1) == weight.dim(0)) &&
           bias.dim(0) == weight.dim(0) && bias.dim(1) == weight.dim(1);
  CTR_CHECK(fits,
            "expert_linear: x {} {} W {} {} b {} must be [B, I] or [B, E, I], [E, O, I] and [E, O]",
            x.dtype(), x.shape(), weight.dtype(), weight.shape(), bias.shape());
}

// Expert e's columns of a value [B, E, N], and its matrix of weights [E, O, I].
template <class T>
Matrix<const T> columns(const Tensor& value, int64_t e) {
  const int64_t width = value.dim(2);
  return {value.data<T>() + e * width, value.dim(0), width, value.dim(1) * width};
}
template <class T>
Matrix<T> columns(Tensor& value, int64_t e) {
  const int64_t width = value.dim(2);
  return {value.data<T>() + e * width, value.dim(0), width, value.dim(1) * width};
}
template <class T>
Matrix<const T> matrix(const Tensor& weight, int64_t e) {
  const int64_t out = weight.dim(1), in = weight.dim(2);
  return {weight.data<T>() + e * out * in, out, in, in};
}
template <class T>
Matrix<T> matrix(Tensor& weight, int64_t e) {
  const int64_t out = weight.dim(1), in = weight.dim(2);
  return {weight.data<T>() + e * out * in, out, in, in};
}

// Each expert on its own columns of x [B, E, I]; the activation is a function of its output.
Var each(const Var& x, const Var& weight, const Var& bias, Activation activation) {
  const int64_t rows = x.dim(0), experts = weight.dim(0), out = weight.dim(1);
  Tensor y({rows, experts, out}, x.dtype(), x.device());
  const bool relu = activation == Activation::relu;
  visit_float(y.dtype(), "expert_linear", [&](auto zero) {
    using T = decltype(zero);
    for (int64_t e = 0; e < experts; ++e)
      gemm(y.device(), columns<T>(x.value(), e), Transpose::no, matrix<T>(weight.value(), e),
           Transpose::yes, columns<T>(y, e), {bias.value().data<T>() + e * out, relu, false});
  });
  if (!relu) apply_activation(y, activation);
  const Tensor kept = activation == Activation::identity ? Tensor() : y;
  auto backward = [xv = x.value(), w = weight.value(), kept, activation](const Tensor& dy,
                                                                         GradientSink& sink) {
    Tensor db;
    const Tensor dz = activation_backward(kept, dy.reshaped({dy.dim(0), dy.dim(1) * dy.dim(2)}),
                                          activation, sink.needs(2) ? &db : nullptr)
                          .reshaped(dy.shape());
    Tensor dx = sink.needs(0) ? Tensor(xv.shape(), xv.dtype(), xv.device()) : Tensor();
    Tensor dw = sink.needs(1) ? Tensor(w.shape(), w.dtype(), w.device()) : Tensor();
    visit_float(dy.dtype(), "expert_linear", [&](auto zero) {
      using T = decltype(zero);
      for (int64_t e = 0; e < w.dim(0); ++e) {
        if (dx.defined())  // dx_e = dz_e W_e
          gemm(dy.device(), columns<T>(dz, e), Transpose::no, matrix<T>(w, e), Transpose::no,
               columns<T>(dx, e));
        if (dw.defined())  // dW_e = dz_eᵀ x_e
          gemm(dy.device(), columns<T>(dz, e), Transpose::yes, columns<T>(xv, e), Transpose::no,
               matrix<T>(dw, e));
      }
    });
    if (dx.defined()) sink.put(0, dx);
    if (dw.defined()) sink.put(1, dw);
    if (sink.needs(2)) sink.put(2, db);
  };
  return record("expert_linear", y, {x, weight, bias}, backward);
}

}  // namespace

Var expert_linear(const Var& x, const Var& weight, const Var& bias, Activation activation) {
  check(x, weight, bias);
  const int64_t experts = weight.dim(0), out = weight.dim(1);
  if (x.rank() == 2) {  // the experts' outputs side by side
    const Var side = linear(x, reshape(weight, {experts * out, weight.dim(2)}),
                            reshape(bias, {experts * out}), {activation, WeightLayout::out_in});
    return reshape(side, {x.dim(0), experts, out});
  }
  if (!keeps_output(activation))  // its gradient needs what stands before it
    return activate(each(x, weight, bias, Activation::identity), activation);
  return each(x, weight, bias, activation);
}

OpInfo op_expert_linear() {
  auto call = [](const OpArguments& a) {
    const std::string activation = a.text("activation", "identity");
    CTR_CHECK(activation_called(activation), "expert_linear: there is no activation '{}'",
              activation);
    return std::vector<Var>{
        expert_linear(a.inputs[0], a.inputs[1], a.inputs[2], *activation_called(activation))};
  };
  return {
      .name = "expert_linear",
      .formula = "y_be = activation(x_be W_e^T + b_e)",
      .inputs = {"x", "w", "b"},
      .constants = {},
      .attributes = {"activation"},
      .call = call,
      .cases = {{"common input", {{5, 7}, {3, 4, 7}, {3, 4}}},
                {"common input, relu", {{5, 7}, {2, 4, 7}, {2, 4}}, {}, {{"activation", "relu"}}},
                {"own inputs", {{5, 3, 7}, {3, 4, 7}, {3, 4}}},
                {"own inputs, relu", {{5, 2, 7}, {2, 4, 7}, {2, 4}}, {}, {{"activation", "relu"}}},
                {"own inputs, tanh", {{5, 2, 7}, {2, 4, 7}, {2, 4}}, {}, {{"activation", "tanh"}}},
                {"own inputs, mish", {{5, 2, 7}, {2, 4, 7}, {2, 4}}, {}, {{"activation", "mish"}}},
                {"one row, one expert", {{1, 1, 3}, {1, 1, 3}, {1, 1}}},
                {"several blocks", {{70, 2, 9}, {2, 33, 9}, {2, 33}}},
                {"empty batch", {{0, 2, 7}, {2, 3, 7}, {2, 3}}}},
      .refused = {{"inner sizes",
                   {{5, 7}, {3, 4, 6}, {3, 4}},
                   {},
                   {},
                   "expert_linear: x f64 [5,7] W f64 [3,4,6] b [3,4] must be"},
                  {"experts",
                   {{5, 2, 7}, {3, 4, 7}, {3, 4}},
                   {},
                   {},
                   "expert_linear: x f64 [5,2,7] W f64 [3,4,7] b [3,4] must be"},
                  {"bias",
                   {{5, 7}, {3, 4, 7}, {3, 5}},
                   {},
                   {},
                   "expert_linear: x f64 [5,7] W f64 [3,4,7] b [3,5] must be"},
                  {"activation",
                   {{5, 7}, {3, 4, 7}, {3, 4}},
                   {},
                   {{"activation", "rleu"}},
                   "expert_linear: there is no activation 'rleu'"}},
      .devices = {Device::cpu}};
}

}  // namespace ctr
