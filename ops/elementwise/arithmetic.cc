#include "engine/check.h"
#include "engine/launch.h"
#include "ops/elementwise/elementwise.h"
#include "ops/elementwise/elementwise_bodies.h"
#include "ops/registry.h"

namespace ctr {
namespace {

// The elements of b, which must be the last axes of a.
int64_t check_broadcast(const char* op, const Var& a, const Var& b) {
  bool fits = a.dtype() == b.dtype() && b.rank() <= a.rank();
  for (int axis = 1; fits && axis <= b.rank(); ++axis) fits = a.dim(-axis) == b.dim(-axis);
  CTR_CHECK(fits, "{}: b {} {} must have the shape of a {} {}, or its last axes", op, b.dtype(),
            b.shape(), a.dtype(), a.shape());
  return b.value().count();
}

// Rows of a, given the elements of b.
int64_t repeats(const Tensor& a, int64_t cols) { return cols == 0 ? 0 : a.count() / cols; }

template <template <class> class Body>
Tensor combine(const Tensor& a, const Tensor& b, int64_t cols) {
  Tensor y(a.shape(), a.dtype(), a.device());
  visit_float(a.dtype(), Body<float>::kName, [&](auto zero) {
    using T = decltype(zero);
    // Equal shapes are one long row: cut it, since the launcher cuts along rows alone.
    if (a.count() == cols && a.device() == Device::cpu) {
      parallel_for(cols, parallel_grain(), [&](int64_t begin, int64_t end) {
        cpu::for_each_2d(1, end - begin,
                         Body<T>{a.data<T>() + begin, b.data<T>() + begin, y.data<T>() + begin, 0});
      });
    } else {
      for_each_2d(a.device(), repeats(a, cols), cols,
                  Body<T>{a.data<T>(), b.data<T>(), y.data<T>(), cols});
    }
  });
  return y;
}

Tensor scaled(const Tensor& x, double factor) {
  Tensor y(x.shape(), x.dtype(), x.device());
  visit_float(x.dtype(), "scale", [&](auto zero) {
    using T = decltype(zero);
    for_each(x.device(), x.count(), Scale<T>{x.data<T>(), y.data<T>(), static_cast<T>(factor)});
  });
  return y;
}

std::vector<OpCase> broadcast_cases() {
  return {{"one row", {{1, 3}, {1, 3}}},
          {"odd sizes", {{5, 7}, {5, 7}}},
          {"bias", {{5, 7}, {7}}},
          {"inner axes", {{3, 5, 2}, {5, 2}}},
          {"empty", {{0, 4}, {4}}}};
}

std::vector<OpCase> broadcast_refused(const std::string& op) {
  return {
      {"other width", {{5, 7}, {6}}, {}, {}, op + ": b f64 [6] must have the shape of a f64 [5,7]"},
      {"larger", {{7}, {5, 7}}, {}, {}, op + ": b"}};
}

}  // namespace

Tensor column_sum(const Tensor& x, int64_t cols) {
  Tensor sum({cols}, x.dtype(), x.device());
  visit_float(x.dtype(), "column sum", [&](auto zero) {
    using T = decltype(zero);
    reduce_cols(x.device(), repeats(x, cols), cols, ColumnSum<T>{x.data<T>(), sum.data<T>(), cols});
  });
  return sum;
}

Var add(const Var& a, const Var& b) {
  int64_t cols = check_broadcast("add", a, b);
  Tensor y = combine<AddForward>(a.value(), b.value(), cols);
  return record("add", y, {a, b}, [cols](const Tensor& dy, GradientSink& sink) {
    sink.put(0, dy);
    if (sink.needs(1)) sink.put(1, dy.count() == cols ? dy : column_sum(dy, cols));
  });
}

Var multiply(const Var& a, const Var& b) {
  int64_t cols = check_broadcast("multiply", a, b);
  Tensor y = combine<MultiplyForward>(a.value(), b.value(), cols);
  return record("multiply", y, {a, b},
                [left = a.value(), right = b.value(), cols](const Tensor& dy, GradientSink& sink) {
                  if (sink.needs(0)) sink.put(0, combine<MultiplyForward>(dy, right, cols));
                  if (!sink.needs(1)) return;
                  Tensor db(right.shape(), dy.dtype(), dy.device());
                  visit_float(dy.dtype(), "multiply", [&](auto zero) {
                    using T = decltype(zero);
                    reduce_cols(dy.device(), repeats(dy, cols), cols,
                                ColumnDot<T>{left.data<T>(), dy.data<T>(), db.data<T>(), cols});
                  });
                  sink.put(1, db);
                });
}

Var scale(const Var& x, double factor) {
  return record(
      "scale", scaled(x.value(), factor), {x},
      [factor](const Tensor& dy, GradientSink& sink) { sink.put(0, scaled(dy, factor)); });
}

OpInfo op_add() {
  return {
      .name = "add",
      .formula = "y = a + b",
      .inputs = {"a", "b"},
      .constants = {},
      .call = [](const OpArguments& a) { return std::vector<Var>{add(a.inputs[0], a.inputs[1])}; },
      .cases = broadcast_cases(),
      .refused = broadcast_refused("add")};
}

OpInfo op_multiply() {
  return {
      .name = "multiply",
      .formula = "y = a b",
      .inputs = {"a", "b"},
      .constants = {},
      .call =
          [](const OpArguments& a) { return std::vector<Var>{multiply(a.inputs[0], a.inputs[1])}; },
      .cases = broadcast_cases(),
      .refused = broadcast_refused("multiply")};
}

OpInfo op_scale() {
  return {.name = "scale",
          .formula = "y = factor x",
          .inputs = {"x"},
          .constants = {},
          .attributes = {"factor"},
          .call =
              [](const OpArguments& a) {
                return std::vector<Var>{scale(a.inputs[0], a.number("factor", 1))};
              },
          .cases = {{"half", {{3, 5}}, {}, {{"factor", "0.5"}}},
                    {"empty", {{0}}, {}, {{"factor", "2"}}}},
          .refused = {}};
}

}  // namespace ctr
