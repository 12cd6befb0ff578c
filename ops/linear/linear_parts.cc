#include "engine/check.h"
#include "ops/elementwise/elementwise.h"
#include "ops/linear/linear.h"
#include "ops/registry.h"

namespace ctr {
namespace {

// Columns [first, first + cols) of a matrix.
template <class T>
Matrix<const T> columns(const Tensor& tensor, int64_t first, int64_t cols) {
  return {tensor.data<T>() + first, tensor.dim(0), cols, tensor.dim(1)};
}
template <class T>
Matrix<T> columns(Tensor& tensor, int64_t first, int64_t cols) {
  return {tensor.data<T>() + first, tensor.dim(0), cols, tensor.dim(1)};
}

void check(std::span<const Var> parts, const Var& weight, const Var& bias) {
  CTR_CHECK(!parts.empty() && weight.rank() == 2,
            "linear_parts: parts and W [out, in] are needed, got {} parts and W {}", parts.size(),
            weight.shape());
  int64_t in = 0;
  for (const Var& part : parts) {
    CTR_CHECK(part.rank() == 2 && part.dim(0) == parts[0].dim(0) && part.dtype() == weight.dtype(),
              "linear_parts: a part {} {} beside one {} {}; parts must be [batch, width]",
              part.dtype(), part.shape(), parts[0].dtype(), parts[0].shape());
    in += part.dim(1);
  }
  CTR_CHECK(in == weight.dim(1) && (!bias.defined() || bias.value().count() == weight.dim(0)),
            "linear_parts: parts of {} columns do not fit W {} and b {}", in, weight.shape(),
            bias.defined() ? bias.shape().text() : "none");
}

}  // namespace

Var linear_parts(std::span<const Var> parts, const Var& weight, const Var& bias) {
  check(parts, weight, bias);
  Tensor y({parts[0].dim(0), weight.dim(0)}, weight.dtype(), weight.device());
  std::vector<Var> inputs{weight, bias};
  std::vector<Tensor> values;
  for (const Var& part : parts) {
    inputs.push_back(part);
    values.push_back(part.value());
  }
  visit_float(y.dtype(), "linear_parts", [&](auto zero) {
    using T = decltype(zero);
    int64_t first = 0;
    for (const Tensor& x : values) {
      const bool begins = first == 0;
      gemm(y.device(), columns<T>(x, 0, x.dim(1)), Transpose::no,
           columns<T>(weight.value(), first, x.dim(1)), Transpose::yes, columns<T>(y, 0, y.dim(1)),
           {begins && bias.defined() ? bias.value().data<T>() : nullptr, false, !begins});
      first += x.dim(1);
    }
  });
  auto backward = [values, w = weight.value()](const Tensor& dy, GradientSink& sink) {
    Tensor dw = sink.needs(0) ? Tensor(w.shape(), w.dtype(), w.device()) : Tensor();
    visit_float(dy.dtype(), "linear_parts", [&](auto zero) {
      using T = decltype(zero);
      const Matrix<const T> upstream = columns<T>(dy, 0, dy.dim(1));
      int64_t first = 0;
      for (size_t i = 0; i < values.size(); ++i) {
        const Tensor& x = values[i];
        const int input = static_cast<int>(i) + 2;
        if (sink.needs(input)) {  // dx = dy W
          Tensor dx(x.shape(), x.dtype(), x.device());
          gemm(dy.device(), upstream, Transpose::no, columns<T>(w, first, x.dim(1)), Transpose::no,
               columns<T>(dx, 0, x.dim(1)));
          sink.put(input, dx);
        }
        if (dw.defined())  // dW = dyᵀ x
          gemm(dy.device(), upstream, Transpose::yes, columns<T>(x, 0, x.dim(1)), Transpose::no,
               columns<T>(dw, first, x.dim(1)));
        first += x.dim(1);
      }
    });
    if (dw.defined()) sink.put(0, dw);
    if (sink.needs(1)) sink.put(1, column_sum(dy, dy.dim(1)));
  };
  return record("linear_parts", y, inputs, backward);
}

OpInfo op_linear_parts() {
  auto call = [](const OpArguments& a) {
    const std::span<const Var> all(a.inputs);
    const bool bias = a.text("bias", "true") == "true";
    return std::vector<Var>{linear_parts(all.subspan(bias ? 2 : 1), all[0], bias ? all[1] : Var())};
  };
  return {.name = "linear_parts",
          .formula = "y = [x_1 ... x_n] W^T + b",
          .inputs = {"w", "b", "parts..."},
          .constants = {},
          .attributes = {"bias"},
          .call = call,
          .cases = {{"odd sizes", {{3, 7}, {3}, {5, 4}, {5, 3}}},
                    {"one output", {{1, 9}, {1}, {5, 4}, {5, 3}, {5, 2}}},
                    {"one part, one row", {{2, 3}, {2}, {1, 3}}},
                    {"no bias", {{2, 5}, {4, 3}, {4, 2}}, {}, {{"bias", "false"}}},
                    {"several blocks", {{33, 20}, {33}, {70, 9}, {70, 11}}},
                    {"empty batch", {{2, 5}, {2}, {0, 3}, {0, 2}}}},
          .refused = {{"sizes",
                       {{3, 6}, {3}, {5, 4}, {5, 3}},
                       {},
                       {},
                       "linear_parts: parts of 7 columns do not fit W [3,6] and b [3]"},
                      {"rows",
                       {{3, 7}, {3}, {5, 4}, {4, 3}},
                       {},
                       {},
                       "linear_parts: a part f64 [4,3] beside one f64 [5,4]"},
                      {"none", {{3, 7}, {3}}, {}, {}, "linear_parts: parts and W [out, in]"}},
          .devices = {Device::cpu}};
}

}  // namespace ctr
