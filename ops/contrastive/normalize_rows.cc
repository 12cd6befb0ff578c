#include "engine/check.h"
#include "engine/launch.h"
#include "ops/contrastive/contrastive.h"
#include "ops/contrastive/contrastive_bodies.h"
#include "ops/elementwise/row_bodies.h"
#include "ops/registry.h"

namespace ctr {
namespace {

constexpr double kLeast = 1e-12;

Tensor row_dots(const Tensor& a, const Tensor& b) {
  Tensor dot({a.dim(0)}, a.dtype(), a.device());
  visit_float(a.dtype(), "normalize_rows", [&](auto zero) {
    using T = decltype(zero);
    reduce_rows(a.device(), a.dim(0), a.dim(1),
                RowDot<T>{a.data<T>(), b.data<T>(), dot.data<T>(), a.dim(1)});
  });
  return dot;
}

}  // namespace

Var normalize_rows(const Var& x) {
  CTR_CHECK(x.rank() == 2, "normalize_rows: x must be [B, D], got {}", x.shape());
  const int64_t rows = x.dim(0), cols = x.dim(1);
  const Tensor squared = row_dots(x.value(), x.value());
  Tensor y(x.shape(), x.dtype(), x.device());
  visit_float(x.dtype(), "normalize_rows", [&](auto zero) {
    using T = decltype(zero);
    for_each_2d(x.device(), rows, cols,
                NormalizeRows<T>{x.value().data<T>(), squared.data<T>(), y.data<T>(), cols,
                                 static_cast<T>(kLeast)});
  });
  auto backward = [y, squared, rows, cols](const Tensor& dy, GradientSink& sink) {
    const Tensor dot = row_dots(y, dy);
    Tensor dx(y.shape(), y.dtype(), y.device());
    visit_float(y.dtype(), "normalize_rows", [&](auto zero) {
      using T = decltype(zero);
      for_each_2d(
          y.device(), rows, cols,
          NormalizeRowsBackward<T>{y.data<T>(), dy.data<T>(), squared.data<T>(), dot.data<T>(),
                                   dx.data<T>(), cols, static_cast<T>(kLeast)});
    });
    sink.put(0, dx);
  };
  return record("normalize_rows", y, {x}, backward);
}

OpInfo op_normalize_rows() {
  return {
      .name = "normalize_rows",
      .formula = "y_b = x_b / |x_b|",
      .inputs = {"x"},
      .constants = {},
      .call = [](const OpArguments& a) { return std::vector<Var>{normalize_rows(a.inputs[0])}; },
      .cases = {{"odd sizes", {{5, 7}}}, {"wide", {{3, 19}}}, {"empty", {{0, 3}}}},
      .refused = {{"axes", {{2, 3, 4}}, {}, {}, "normalize_rows: x must be [B, D], got [2,3,4]"}}};
}

}  // namespace ctr
