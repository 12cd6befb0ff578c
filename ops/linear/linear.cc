#include "ops/linear/linear.h"

#include "engine/check.h"
#include "ops/activation/activation.h"
#include "ops/elementwise/elementwise.h"
#include "ops/linear/product.h"
#include "ops/registry.h"

namespace ctr {
namespace {

void check(const Var& x, const Var& weight, const Var& bias, WeightLayout layout) {
  bool out_in = layout == WeightLayout::out_in;
  bool fits = x.rank() == 2 && weight.rank() == 2 && x.dtype() == weight.dtype() &&
              x.dim(1) == weight.dim(out_in ? 1 : 0);
  if (fits && bias.defined()) {
    fits = bias.value().count() == weight.dim(out_in ? 0 : 1) && bias.dtype() == x.dtype();
  }
  CTR_CHECK(fits, "linear: x {} {} W {} {} b {} do not fit y = x {} + b", x.dtype(), x.shape(),
            weight.dtype(), weight.shape(), bias.defined() ? bias.shape().text() : "none",
            out_in ? "Wᵀ" : "W");
}

}  // namespace

Var linear(const Var& x, const Var& weight, const Var& bias, const LinearOptions& options) {
  check(x, weight, bias, options.layout);
  if (!keeps_output(options.activation)) {  // its gradient needs what stands before it
    return activate(linear(x, weight, bias, {Activation::identity, options.layout}),
                    options.activation);
  }
  const Transpose t = factor_of(options.layout);
  const Activation activation = options.activation;
  Tensor y({x.dim(0), weight.dim(t == Transpose::yes ? 0 : 1)}, x.dtype(), x.device());
  const bool relu = activation == Activation::relu;
  product(x.value(), Transpose::no, weight.value(), t, y,
          {.bias = bias.defined() ? bias.value() : Tensor(), .relu = relu});
  if (!relu) apply_activation(y, activation);

  const Tensor kept =
      activation == Activation::identity ? Tensor() : y;  // needed by its gradient alone
  auto backward = [xv = x.value(), w = weight.value(), kept, t, activation](const Tensor& dy,
                                                                            GradientSink& sink) {
    Tensor db;
    Tensor dz = activation_backward(kept, dy, activation, sink.needs(2) ? &db : nullptr);
    if (sink.needs(0)) {  // dx = dz W, in the columns that are needed
      Tensor dx(xv.shape(), xv.dtype(), xv.device());
      input_gradient(dz, w, t, sink.columns(0), dx);
      sink.put(0, dx);
    }
    if (sink.needs(1)) {  // dW = dzᵀ x, or xᵀ dz
      Tensor dw(w.shape(), w.dtype(), w.device());
      bool out_in = t == Transpose::yes;
      product(out_in ? dz : xv, Transpose::yes, out_in ? xv : dz, Transpose::no, dw);
      sink.put(1, dw);
    }
    if (sink.needs(2)) sink.put(2, db);
  };
  return record("linear", y, {x, weight, bias}, backward);
}

OpInfo op_linear() {
  auto call = [](const OpArguments& a) {
    LinearOptions options;
    const std::string activation = a.text("activation", "identity");
    CTR_CHECK(activation_called(activation), "linear: there is no activation '{}'", activation);
    options.activation = *activation_called(activation);
    if (a.text("layout", "out_in") == "in_out") options.layout = WeightLayout::in_out;
    return std::vector<Var>{
        linear(a.inputs[0], a.inputs[1], a.inputs.size() > 2 ? a.inputs[2] : Var(), options)};
  };
  return {.name = "linear",
          .formula = "y = activation(x W^T + b)",
          .inputs = {"x", "w", "b?"},
          .constants = {},
          .attributes = {"activation", "layout"},
          .call = call,
          .cases = {{"odd sizes", {{5, 7}, {3, 7}, {3}}},
                    {"one row, one output", {{1, 3}, {1, 3}, {1}}},
                    {"one input", {{4, 1}, {3, 1}}},
                    {"no bias", {{4, 5}, {2, 5}}},
                    {"relu", {{5, 7}, {4, 7}, {4}}, {}, {{"activation", "relu"}}},
                    {"sigmoid", {{5, 7}, {4, 7}, {4}}, {}, {{"activation", "sigmoid"}}},
                    {"tanh", {{5, 7}, {4, 7}, {4}}, {}, {{"activation", "tanh"}}},
                    {"mish", {{5, 7}, {4, 7}, {4}}, {}, {{"activation", "mish"}}},
                    {"in_out", {{5, 7}, {7, 4}, {4}}, {}, {{"layout", "in_out"}}},
                    {"several blocks", {{70, 9}, {33, 9}, {33}}, {}, {{"activation", "relu"}}},
                    {"empty batch", {{0, 7}, {3, 7}, {3}}}},
          .refused = {{"inner sizes",
                       {{5, 7}, {3, 6}, {3}},
                       {},
                       {},
                       "linear: x f64 [5,7] W f64 [3,6] b [3] do not fit"},
                      {"bias",
                       {{5, 7}, {3, 7}, {4}},
                       {},
                       {},
                       "linear: x f64 [5,7] W f64 [3,7] b [4] do not fit"},
                      {"rank", {{5}, {3, 5}}, {}, {}, "linear: x f64 [5]"},
                      {"activation",
                       {{5, 7}, {3, 7}},
                       {},
                       {{"activation", "rleu"}},
                       "linear: there is no activation 'rleu'"}},
          .golden = {{"linear"}},
          .devices = {Device::cpu}};
}

}  // namespace ctr
