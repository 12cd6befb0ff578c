#include <algorithm>

#include "engine/check.h"
#include "ops/activation/activation.h"
#include "ops/elementwise/elementwise.h"
#include "ops/linear/group_products.h"
#include "ops/linear/linear.h"
#include "ops/linear/product.h"
#include "ops/registry.h"

namespace ctr {
namespace {

std::string shape_text(const Var& value) { return value.defined() ? value.shape().text() : "none"; }

void check(const Var& x, const Var& w, const Var& c, const LowRank& low, const RowGroups& groups) {
  bool fits = x.rank() == 2 && w.rank() == 2 && low.a.rank() == 3 && low.b.rank() == 3;
  if (fits) {
    const int64_t in = w.dim(1), out = w.dim(0), count = groups.count(), rank = low.a.dim(2);
    fits = x.dim(1) == in && low.a.shape() == Shape({count, in, rank}) &&
           low.b.shape() == Shape({count, rank, out}) &&
           (!c.defined() || c.value().count() == out) &&
           (!low.bias.defined() || low.bias.shape() == Shape({count, out})) &&
           groups.of.count() == x.dim(0);
  }
  CTR_CHECK(fits,
            "lora_linear: x {} W {} c {} A {} B {} beta {} and {} groups of {} rows do not fit "
            "x [B,I] W [O,I] c [O] A [D,I,r] B [D,r,O] beta [D,O], D groups of B rows",
            x.shape(), w.shape(), shape_text(c), low.a.shape(), low.b.shape(), shape_text(low.bias),
            groups.count(), groups.of.count());
}

}  // namespace

Var lora_linear(const Var& x, const Var& weight, const Var& bias, const LowRank& low,
                const RowGroups& groups, Activation activation, double factor) {
  check(x, weight, bias, low, groups);
  if (factor != 1)
    return lora_linear(x, weight, bias, {scale(low.a, factor), low.b, low.bias}, groups,
                       activation);
  if (!keeps_output(activation))  // its gradient needs what stands before it
    return activate(lora_linear(x, weight, bias, low, groups), activation);
  const Tensor xv = x.value(), w = weight.value(), a = low.a.value(), b = low.b.value();
  Tensor y({x.dim(0), w.dim(0)}, x.dtype(), x.device());
  Tensor t({x.dim(0), a.dim(2)}, x.dtype(), x.device());
  const bool relu = activation == Activation::relu;
  product(xv, Transpose::no, w, Transpose::yes, y,
          {.bias = bias.defined() ? bias.value() : Tensor()});  // y = x Wᵀ + c
  group_product(xv, a, Transpose::no, groups, t);               // t = x A_d
  group_product(t, b, Transpose::no, groups, y,                 // y = activation(y + t B_d + β_d)
                {low.bias.defined() ? low.bias.value() : Tensor(), relu, true});
  if (!relu) apply_activation(y, activation);

  const Tensor kept = activation == Activation::identity ? Tensor() : y;
  auto backward = [xv, w, a, b, t, kept, groups, activation](const Tensor& dy, GradientSink& sink) {
    Tensor dc;
    const Tensor dz = activation_backward(kept, dy, activation, sink.needs(2) ? &dc : nullptr);
    if (sink.needs(1)) {  // dW = dzᵀ x
      Tensor dw(w.shape(), w.dtype(), w.device());
      product(dz, Transpose::yes, xv, Transpose::no, dw);
      sink.put(1, dw);
    }
    if (sink.needs(2)) sink.put(2, dc);
    if (sink.needs(4)) sink.put(4, group_outer(t, dz, groups));  // dB_d = Σ t_bᵀ dz_b
    if (sink.needs(5)) sink.put(5, group_sum(dz, groups));       // dβ_d = Σ dz_b
    if (!sink.needs(0) && !sink.needs(3)) return;
    Tensor dt(t.shape(), t.dtype(), t.device());  // dt = dz B_dᵀ
    group_input_gradient(dz, b, Transpose::no, groups, {0, t.dim(1)}, dt);
    if (sink.needs(3)) sink.put(3, group_outer(xv, dt, groups));  // dA_d = Σ x_bᵀ dt_b
    if (sink.needs(0)) {                                          // dx = dz W + dt A_dᵀ
      Tensor dx(xv.shape(), xv.dtype(), xv.device());
      const ColumnRange columns = sink.columns(0);
      input_gradient(dz, w, Transpose::yes, columns, dx);
      group_input_gradient(dt, a, Transpose::no, groups, columns, dx, true);
      sink.put(0, dx);
    }
  };
  return record("lora_linear", y, {x, weight, bias, low.a, low.b, low.bias}, backward);
}

FoldedLowRank fold_low_rank(const Var& weight, const Var& bias, const LowRank& low) {
  const int64_t groups = low.a.dim(0), in = weight.dim(1), out = weight.dim(0);
  const Tensor &shared = weight.value(), &a = low.a.value(), &b = low.b.value();
  Tensor w({groups, out, in}, a.dtype(), a.device());
  visit_float(a.dtype(), "fold_low_rank", [&](auto zero) {
    using T = decltype(zero);
    const int64_t rank = a.dim(2);
    for (int64_t g = 0; g < groups; ++g) {
      T* one = w.data<T>() + g * out * in;
      std::copy_n(shared.data<T>(), out * in, one);
      gemm(a.device(), Matrix<const T>{b.data<T>() + g * rank * out, rank, out, out},
           Transpose::yes, Matrix<const T>{a.data<T>() + g * in * rank, in, rank, rank},
           Transpose::yes, Matrix<T>{one, out, in, in}, Epilogue<T>{nullptr, false, true});
    }
  });
  Var sum = low.bias;  // c + β_d
  if (bias.defined())
    sum = (sum.defined() ? sum : Var(Tensor::zeros({groups, out}, a.dtype()))) + bias;
  return {Var(w), sum};
}

OpInfo op_lora_linear() {
  auto ids = [](std::vector<int64_t> values) {
    return Tensor::from({static_cast<int64_t>(values.size())}, values);
  };
  auto call = [](const OpArguments& a) {
    const auto activation = activation_called(a.text("activation", "identity"));
    CTR_CHECK(activation, "lora_linear: there is no activation '{}'",
              a.text("activation", "identity"));
    auto optional = [&](size_t i) { return i < a.inputs.size() ? a.inputs[i] : Var(); };
    const int64_t groups = a.inputs[2].rank() == 3 ? a.inputs[2].dim(0) : 0;
    const LowRank low{a.inputs[2], a.inputs[3], optional(5)};
    return std::vector<Var>{lora_linear(a.inputs[0], a.inputs[1], optional(4), low,
                                        group_rows(a.constants[0], groups), *activation,
                                        a.number("scale", 1))};
  };
  const std::vector<Shape> sizes = {{6, 5}, {4, 5}, {3, 5, 2}, {3, 2, 4}, {4}, {3, 4}};
  const std::vector<Shape> wide = {{70, 9}, {33, 9}, {3, 9, 5}, {3, 5, 33}, {33}, {3, 33}};
  const Tensor mixed = ids({2, 0, 2, 2, 0, 0});
  std::vector<int64_t> many;
  for (int64_t row = 0; row < 70; ++row) many.push_back(row * row % 3);
  return {.name = "lora_linear",
          .formula = "y = activation(x W^T + c + scale (x A_d) B_d + beta_d)",
          .inputs = {"x", "w", "a", "b", "c?", "beta?"},
          .constants = {"groups"},
          .attributes = {"activation", "scale"},
          .call = call,
          .cases = {{"an empty group", sizes, {mixed}},
                    {"relu", sizes, {mixed}, {{"activation", "relu"}}},
                    {"mish, scale", sizes, {mixed}, {{"activation", "mish"}, {"scale", "0.5"}}},
                    {"no biases", {{6, 5}, {4, 5}, {3, 5, 2}, {3, 2, 4}}, {mixed}},
                    {"blocks", wide, {ids(many)}, {{"activation", "relu"}}},
                    {"one row", {{1, 3}, {2, 3}, {1, 3, 1}, {1, 1, 2}}, {ids({0})}},
                    {"empty", {{0, 5}, {4, 5}, {3, 5, 2}, {3, 2, 4}, {4}, {3, 4}}, {ids({})}}},
          .refused = {{"rank",
                       {{6, 5}, {4, 5}, {3, 5, 2}, {3, 3, 4}},
                       {mixed},
                       {},
                       "lora_linear: x [6,5] W [4,5] c none A [3,5,2] B [3,3,4] beta none"},
                      {"activation",
                       sizes,
                       {mixed},
                       {{"activation", "rleu"}},
                       "lora_linear: there is no activation 'rleu'"}},
          .golden = {{"lora_linear_by_domain", {}, {{"A", "a"}, {"Bm", "b"}, {"dom", "groups"}}}},
          .devices = {Device::cpu}};
}

}  // namespace ctr
