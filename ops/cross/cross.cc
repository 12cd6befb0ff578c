#include "ops/cross/cross.h"

#include "engine/check.h"
#include "engine/launch.h"
#include "ops/cross/cross_bodies.h"
#include "ops/elementwise/elementwise.h"
#include "ops/registry.h"

namespace ctr {
namespace {

// y_r = a_r · b_r
Tensor dot_rows(const Tensor& a, const Tensor& b, int64_t rows, bool shared) {
  Tensor y({rows}, a.dtype(), a.device());
  const int64_t cols = rows == 0 ? 0 : a.count() / rows;
  visit_float(a.dtype(), "dot of rows", [&](auto zero) {
    using T = decltype(zero);
    reduce_rows(a.device(), rows, cols,
                DotRows<T>{a.data<T>(), b.data<T>(), y.data<T>(), cols, shared});
  });
  return y;
}

// y_r = s_r x_r, in memory of its own or added to what is there.
void scale_rows_into(const Tensor& x, const Tensor& s, Tensor& y, bool add) {
  const int64_t rows = s.count(), cols = rows == 0 ? 0 : x.count() / rows;
  visit_float(x.dtype(), "scale_rows", [&](auto zero) {
    using T = decltype(zero);
    for_each_2d(x.device(), rows, cols,
                ScaleRows<T>{x.data<T>(), s.data<T>(), y.data<T>(), cols, add});
  });
}

// The gradient of x in y_r = s_r x_r, added where there is one already.
void put_scaled(const Tensor& dy, const Tensor& s, const Shape& shape, int input,
                GradientSink& sink) {
  if (!sink.needs(input)) return;
  Tensor* sum = sink.sum(input);
  Tensor dx = sum != nullptr ? *sum : Tensor(shape, dy.dtype(), dy.device());
  scale_rows_into(dy, s, dx, sum != nullptr);
  if (sum == nullptr) sink.put(input, dx);
}

}  // namespace

Var scale_rows(const Var& x, const Var& s) {
  const int64_t rows = s.value().count();
  CTR_CHECK(
      x.rank() >= 2 && x.dtype() == s.dtype() && x.dim(-1) > 0 &&
          x.value().count() % x.dim(-1) == 0 &&
          (rows == 0 ? x.value().count() == 0
                     : x.value().count() % rows == 0 && x.value().count() / rows % x.dim(-1) == 0),
      "scale_rows: s {} {} must hold one number for each row of x {} {}", s.dtype(), s.shape(),
      x.dtype(), x.shape());
  Tensor y(x.shape(), x.dtype(), x.device());
  scale_rows_into(x.value(), s.value(), y, false);
  return record("scale_rows", y, {x, s},
                [xv = x.value(), sv = s.value()](const Tensor& dy, GradientSink& sink) {
                  put_scaled(dy, sv, xv.shape(), 0, sink);
                  if (sink.needs(1)) sink.put(1, dot_rows(dy, xv, sv.count(), false));
                });
}

Var multiply_add(const Var& a, const Var& b, const Var& c) {
  CTR_CHECK(a.shape() == b.shape() && a.shape() == c.shape() && a.dtype() == b.dtype() &&
                a.dtype() == c.dtype(),
            "multiply_add: a {} {}, b {} {} and c {} {} must have one shape", a.dtype(), a.shape(),
            b.dtype(), b.shape(), c.dtype(), c.shape());
  Tensor y(a.shape(), a.dtype(), a.device());
  visit_float(a.dtype(), "multiply_add", [&](auto zero) {
    using T = decltype(zero);
    for_each(
        a.device(), y.count(),
        MultiplyAdd<T>{a.value().data<T>(), b.value().data<T>(), c.value().data<T>(), y.data<T>()});
  });
  auto backward = [av = a.value(), bv = b.value()](const Tensor& dy, GradientSink& sink) {
    Tensor* sum = sink.needs(0) ? sink.sum(0) : nullptr;
    Tensor da, db;
    if (sink.needs(0)) da = sum != nullptr ? *sum : Tensor(av.shape(), dy.dtype(), dy.device());
    if (sink.needs(1)) db = Tensor(bv.shape(), dy.dtype(), dy.device());
    visit_float(dy.dtype(), "multiply_add", [&](auto zero) {
      using T = decltype(zero);
      for_each(dy.device(), dy.count(),
               MultiplyAddBackward<T>{av.data<T>(), bv.data<T>(), dy.data<T>(),
                                      da.defined() ? da.data<T>() : nullptr,
                                      db.defined() ? db.data<T>() : nullptr, sum != nullptr});
    });
    if (sum == nullptr && da.defined()) sink.put(0, da);
    if (db.defined()) sink.put(1, db);
    sink.put(2, dy);
  };
  return record("multiply_add", y, {a, b, c}, backward);
}

Var cross_vector(const Var& x0, const Var& x, const Var& w, const Var& b) {
  CTR_CHECK(x0.rank() == 2 && x0.shape() == x.shape() && w.value().count() == x.dim(1) &&
                b.value().count() == x.dim(1) && x0.dtype() == x.dtype() &&
                x.dtype() == w.dtype() && x.dtype() == b.dtype(),
            "cross_vector: x0 {} {} and x {} must be [B, D], w {} and b {} hold D numbers",
            x0.dtype(), x0.shape(), x.shape(), w.shape(), b.shape());
  const int64_t rows = x.dim(0), cols = x.dim(1);
  const Tensor s = dot_rows(x.value(), w.value(), rows, true);
  Tensor y(x.shape(), x.dtype(), x.device());
  visit_float(x.dtype(), "cross_vector", [&](auto zero) {
    using T = decltype(zero);
    for_each_2d(x.device(), rows, cols,
                CrossVector<T>{x0.value().data<T>(), x.value().data<T>(), s.data<T>(),
                               b.value().data<T>(), y.data<T>(), cols});
  });
  auto backward = [x0v = x0.value(), xv = x.value(), wv = w.value(), s](const Tensor& dy,
                                                                        GradientSink& sink) {
    const int64_t rows = dy.dim(0), cols = dy.dim(1);
    put_scaled(dy, s, x0v.shape(), 0, sink);
    const Tensor t = dot_rows(dy, x0v, rows, false);  // of s
    visit_float(dy.dtype(), "cross_vector", [&](auto zero) {
      using T = decltype(zero);
      if (sink.needs(1)) {
        Tensor dx(xv.shape(), dy.dtype(), dy.device());
        for_each_2d(
            dy.device(), rows, cols,
            CrossVectorBackward<T>{dy.data<T>(), t.data<T>(), wv.data<T>(), dx.data<T>(), cols});
        sink.put(1, dx);
      }
      if (sink.needs(2)) {
        Tensor dw(wv.shape(), dy.dtype(), dy.device());
        reduce_cols(dy.device(), rows, cols,
                    WeightedColumnSum<T>{xv.data<T>(), t.data<T>(), dw.data<T>(), cols});
        sink.put(2, dw);
      }
    });
    if (sink.needs(3)) sink.put(3, column_sum(dy, cols));
  };
  return record("cross_vector", y, {x0, x, w, b}, backward);
}

OpInfo op_scale_rows() {
  return {.name = "scale_rows",
          .formula = "y_r = s_r x_r",
          .inputs = {"x", "s"},
          .constants = {},
          .call =
              [](const OpArguments& a) {
                return std::vector<Var>{scale_rows(a.inputs[0], a.inputs[1])};
              },
          .cases = {{"odd sizes", {{5, 7}, {5}}},
                    {"fields", {{3, 4, 2}, {3, 4}}},
                    {"rows of several axes", {{3, 4, 2}, {3, 1}}},
                    {"one row", {{1, 3}, {1, 1}}},
                    {"empty", {{0, 4}, {0}}}},
          .refused = {{"too few", {{5, 7}, {4}}, {}, {}, "scale_rows: s f64 [4] must hold"},
                      {"too many", {{2, 6}, {4}}, {}, {}, "scale_rows: s f64 [4] must hold"}}};
}

OpInfo op_multiply_add() {
  return {
      .name = "multiply_add",
      .formula = "y = a b + c",
      .inputs = {"a", "b", "c"},
      .constants = {},
      .call =
          [](const OpArguments& a) {
            return std::vector<Var>{multiply_add(a.inputs[0], a.inputs[1], a.inputs[2])};
          },
      .cases = {{"odd sizes", {{5, 7}, {5, 7}, {5, 7}}},
                {"one row", {{1, 3}, {1, 3}, {1, 3}}},
                {"empty", {{0, 3}, {0, 3}, {0, 3}}}},
      .refused = {{"shapes",
                   {{5, 7}, {5, 7}, {7}},
                   {},
                   {},
                   "multiply_add: a f64 [5,7], b f64 [5,7] and c f64 [7] must have one shape"}}};
}

OpInfo op_cross_vector() {
  return {.name = "cross_vector",
          .formula = "y = x0 (x . w) + b + x",
          .inputs = {"x0", "x", "w", "b"},
          .constants = {},
          .call =
              [](const OpArguments& a) {
                return std::vector<Var>{
                    cross_vector(a.inputs[0], a.inputs[1], a.inputs[2], a.inputs[3])};
              },
          .cases = {{"odd sizes", {{5, 7}, {5, 7}, {1, 7}, {7}}},
                    {"one row", {{1, 3}, {1, 3}, {3}, {3}}},
                    {"empty", {{0, 3}, {0, 3}, {3}, {3}}}},
          .refused = {{"width",
                       {{5, 7}, {5, 7}, {6}, {7}},
                       {},
                       {},
                       "cross_vector: x0 f64 [5,7] and x [5,7] must be [B, D], w [6]"}}};
}

}  // namespace ctr
