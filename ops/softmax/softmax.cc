#include "ops/softmax/softmax.h"

#include "engine/check.h"
#include "engine/launch.h"
#include "ops/elementwise/row_bodies.h"
#include "ops/registry.h"
#include "ops/softmax/softmax_bodies.h"

namespace ctr {
namespace {

struct Rows {
  int64_t rows, cols;
};

Rows rows_of(const char* op, const Var& x) {
  CTR_CHECK(x.rank() >= 1 && x.dim(-1) > 0,
            "{}: x must have a last axis of at least one element, got {}", op, x.shape());
  return {x.value().count() / x.dim(-1), x.dim(-1)};
}

// Of each row the largest element that the mask keeps, and Σ e^(x − largest); leaves e^(x −
// largest) in y. `totals` is [2, rows].
template <class T>
struct RowTotals {
  T* largest;
  T* sum;
};
template <class T>
RowTotals<T> exponentials(const Tensor& x, const Tensor& mask, Rows shape, Tensor& totals,
                          Tensor& y) {
  const int64_t* kept = mask.defined() ? mask.data<int64_t>() : nullptr;
  const RowTotals<T> of{totals.data<T>(), totals.data<T>() + shape.rows};
  reduce_rows(x.device(), shape.rows, shape.cols,
              RowMax<T>{x.data<T>(), kept, of.largest, shape.cols});
  reduce_rows(x.device(), shape.rows, shape.cols,
              RowExpSum<T>{x.data<T>(), kept, of.largest, y.data<T>(), of.sum, shape.cols});
  return of;
}

Var softmax_over(const char* op, const Var& x, const Tensor& mask) {
  const auto [rows, cols] = rows_of(op, x);
  Tensor y(x.shape(), x.dtype(), x.device());
  Tensor totals({2, rows}, x.dtype(), x.device());
  visit_float(x.dtype(), op, [&, rows = rows, cols = cols](auto zero) {
    using T = decltype(zero);
    const auto of = exponentials<T>(x.value(), mask, {rows, cols}, totals, y);
    for_each_2d(x.device(), rows, cols, DivideRows<T>{of.sum, y.data<T>(), cols});
  });
  return record(op, y, {x}, [y, rows = rows, cols = cols](const Tensor& dy, GradientSink& sink) {
    if (!sink.needs(0)) return;
    Tensor dx(y.shape(), y.dtype(), y.device());
    Tensor dot({rows}, y.dtype(), y.device());
    visit_float(y.dtype(), "softmax", [&](auto zero) {
      using T = decltype(zero);
      reduce_rows(y.device(), rows, cols,
                  RowDot<T>{y.data<T>(), dy.data<T>(), dot.data<T>(), cols});
      for_each_2d(y.device(), rows, cols,
                  SoftmaxBackward<T>{y.data<T>(), dy.data<T>(), dot.data<T>(), dx.data<T>(), cols});
    });
    sink.put(0, dx);
  });
}

std::vector<OpCase> plain_cases() {
  return {{"odd sizes", {{3, 7}}},
          {"three axes", {{2, 3, 11}}},
          {"one row", {{2}}},
          {"empty", {{0, 4}}}};
}

OpCase no_columns(const std::string& op) {
  return {"no columns",
          {{3, 0}},
          {},
          {},
          op + ": x must have a last axis of at least one element, got [3,0]"};
}

}  // namespace

Var softmax(const Var& x) { return softmax_over("softmax", x, Tensor()); }

Var masked_softmax(const Var& x, const Tensor& mask) {
  CTR_CHECK(mask.count() == x.value().count() && mask.dtype() == DType::i64,
            "masked_softmax: mask {} {} must be i64 of the shape of x {}", mask.dtype(),
            mask.shape(), x.shape());
  return softmax_over("masked_softmax", x, mask);
}

Var log_softmax(const Var& x) {
  const auto [rows, cols] = rows_of("log_softmax", x);
  Tensor y(x.shape(), x.dtype(), x.device());
  Tensor totals({2, rows}, x.dtype(), x.device());
  visit_float(x.dtype(), "log_softmax", [&, rows = rows, cols = cols](auto zero) {
    using T = decltype(zero);
    const auto of = exponentials<T>(x.value(), Tensor(), {rows, cols}, totals, y);
    for_each_2d(x.device(), rows, cols,
                LogSoftmax<T>{x.value().data<T>(), of.largest, of.sum, y.data<T>(), cols});
  });
  return record(
      "log_softmax", y, {x}, [y, rows = rows, cols = cols](const Tensor& dy, GradientSink& sink) {
        Tensor dx(y.shape(), y.dtype(), y.device());
        Tensor sum({rows}, y.dtype(), y.device());
        visit_float(y.dtype(), "log_softmax", [&](auto zero) {
          using T = decltype(zero);
          reduce_rows(y.device(), rows, cols, RowSum<T>{dy.data<T>(), sum.data<T>(), cols});
          for_each_2d(
              y.device(), rows, cols,
              LogSoftmaxBackward<T>{y.data<T>(), dy.data<T>(), sum.data<T>(), dx.data<T>(), cols});
        });
        sink.put(0, dx);
      });
}

OpInfo op_softmax() {
  return {.name = "softmax",
          .formula = "y_j = exp(x_j) / sum_k exp(x_k)",
          .inputs = {"x"},
          .constants = {},
          .call = [](const OpArguments& a) { return std::vector<Var>{softmax(a.inputs[0])}; },
          .cases = plain_cases(),
          .refused = {no_columns("softmax")},
          .golden = {{"softmax"}}};
}

OpInfo op_log_softmax() {
  return {.name = "log_softmax",
          .formula = "y_j = x_j - log sum_k exp(x_k)",
          .inputs = {"x"},
          .constants = {},
          .call = [](const OpArguments& a) { return std::vector<Var>{log_softmax(a.inputs[0])}; },
          .cases = plain_cases(),
          .refused = {no_columns("log_softmax")},
          .golden = {{"log_softmax"}}};
}

OpInfo op_masked_softmax() {
  auto mask = [](const Shape& shape, std::vector<int64_t> values) {
    return Tensor::from(shape, values);
  };
  return {.name = "masked_softmax",
          .formula = "softmax over the elements that the mask keeps",
          .inputs = {"x"},
          .constants = {"mask"},
          .call =
              [](const OpArguments& a) {
                return std::vector<Var>{masked_softmax(a.inputs[0], a.constants[0])};
              },
          .cases = {{"a row without any",
                     {{3, 4}},
                     {mask({3, 4}, {1, 0, 1, 1, 0, 0, 0, 0, 0, 1, 1, 0})}},
                    {"one row", {{1, 3}}, {mask({1, 3}, {1, 1, 0})}},
                    {"empty", {{0, 4}}, {mask({0, 4}, {})}}},
          .refused = {{"shape",
                       {{3, 4}},
                       {mask({2}, {1, 1})},
                       {},
                       "masked_softmax: mask i64 [2] must be i64 of the shape of x [3,4]"}},
          .golden = {{"masked_softmax"}}};
}

}  // namespace ctr
