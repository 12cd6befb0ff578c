#include "engine/check.h"
#include "ops/activation/activation.h"
#include "ops/linear/group_products.h"
#include "ops/linear/linear.h"
#include "ops/registry.h"

namespace ctr {
namespace {

void check(const Var& x, const Var& weight, const Var& bias, const RowGroups& groups) {
  bool fits = x.rank() == 2 && weight.rank() == 3 && x.dim(1) == weight.dim(2) &&
              x.dtype() == weight.dtype() && groups.defined() && groups.of.count() == x.dim(0) &&
              groups.count() == weight.dim(0);
  if (fits && bias.defined())
    fits = bias.shape() == Shape{weight.dim(0), weight.dim(1)} && bias.dtype() == x.dtype();
  CTR_CHECK(fits,
            "grouped_linear: x {} {}, W {} {}, b {} and {} groups of {} rows must be [B, I], "
            "[G, O, I], [G, O] and G groups of B rows",
            x.dtype(), x.shape(), weight.dtype(), weight.shape(),
            bias.defined() ? bias.shape().text() : "none", groups.defined() ? groups.count() : 0,
            groups.defined() ? groups.of.count() : 0);
}

}  // namespace

Var grouped_linear(const Var& x, const Var& weight, const Var& bias, const RowGroups& groups,
                   Activation activation) {
  check(x, weight, bias, groups);
  if (!keeps_output(activation))  // its gradient needs what stands before it
    return activate(grouped_linear(x, weight, bias, groups), activation);
  Tensor y({x.dim(0), weight.dim(1)}, x.dtype(), x.device());
  const bool relu = activation == Activation::relu;
  group_product(x.value(), weight.value(), Transpose::yes, groups, y,
                {bias.defined() ? bias.value() : Tensor(), relu});
  if (!relu) apply_activation(y, activation);
  const Tensor kept = activation == Activation::identity ? Tensor() : y;
  auto backward = [xv = x.value(), w = weight.value(), kept, groups, activation](
                      const Tensor& dy, GradientSink& sink) {
    const Tensor dz = activation_backward(kept, dy, activation);
    if (sink.needs(0)) {  // dx_b = dz_b W_g
      Tensor dx(xv.shape(), xv.dtype(), xv.device());
      group_input_gradient(dz, w, Transpose::yes, groups, sink.columns(0), dx);
      sink.put(0, dx);
    }
    if (sink.needs(1)) sink.put(1, group_outer(dz, xv, groups));  // dW_g = Σ dz_bᵀ x_b
    if (sink.needs(2)) sink.put(2, group_sum(dz, groups));        // db_g = Σ dz_b
  };
  return record("grouped_linear", y, {x, weight, bias}, backward);
}

OpInfo op_grouped_linear() {
  auto ids = [](std::vector<int64_t> values) {
    return Tensor::from({static_cast<int64_t>(values.size())}, values);
  };
  auto call = [](const OpArguments& a) {
    const int64_t groups = a.inputs[1].rank() == 3 ? a.inputs[1].dim(0) : 0;
    const std::string name = a.text("activation", "identity");
    CTR_CHECK(activation_called(name), "grouped_linear: there is no activation '{}'", name);
    return std::vector<Var>{
        grouped_linear(a.inputs[0], a.inputs[1], a.inputs.size() > 2 ? a.inputs[2] : Var(),
                       group_rows(a.constants[0], groups), *activation_called(name))};
  };
  const Tensor mixed = ids({2, 0, 2, 3, 0}), sorted = ids({0, 0, 1, 1, 1});
  const std::vector<Shape> four{{5, 3}, {4, 2, 3}, {4, 2}};
  return {
      .name = "grouped_linear",
      .formula = "y_b = activation(x_b W_g(b)^T + b_g(b))",
      .inputs = {"x", "w", "b?"},
      .constants = {"groups"},
      .attributes = {"activation"},
      .call = call,
      .cases = {{"an empty group", four, {mixed}},
                {"in order", {{5, 4}, {2, 3, 4}, {2, 3}}, {sorted}},
                {"no bias", {{5, 3}, {4, 2, 3}}, {mixed}},
                {"relu", four, {mixed}, {{"activation", "relu"}}},
                {"tanh, in order", {{5, 4}, {2, 3, 4}, {2, 3}}, {sorted}, {{"activation", "tanh"}}},
                {"mish", four, {mixed}, {{"activation", "mish"}}},
                {"a row each", {{3, 2}, {3, 9, 2}, {3, 9}}, {ids({1, 2, 0})}},
                {"empty", {{0, 3}, {2, 4, 3}, {2, 4}}, {ids({})}}},
      .refused = {{"inner sizes",
                   {{5, 3}, {4, 2, 2}, {4, 2}},
                   {mixed},
                   {},
                   "grouped_linear: x f64 [5,3], W f64 [4,2,2], b [4,2] and 4 groups of 5"},
                  {"bias",
                   {{5, 3}, {4, 2, 3}, {2}},
                   {mixed},
                   {},
                   "grouped_linear: x f64 [5,3], W f64 [4,2,3], b [2]"},
                  {"rows", four, {ids({2, 0})}, {}, "and 4 groups of 2 rows must be"},
                  {"group", four, {ids({0, 1, 2, 3, 4})}, {}, "groups: row 4 is of group 4"},
                  {"activation",
                   four,
                   {mixed},
                   {{"activation", "rleu"}},
                   "grouped_linear: there is no activation 'rleu'"}},
      .devices = {Device::cpu}};
}

}  // namespace ctr
