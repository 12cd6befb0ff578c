#include "engine/check.h"
#include "engine/launch.h"
#include "ops/elementwise/elementwise.h"
#include "ops/elementwise/row_bodies.h"
#include "ops/registry.h"

namespace ctr {
namespace {

Tensor scaled(const Tensor& x, const Tensor& s) {
  Tensor y(x.shape(), x.dtype(), x.device());
  visit_float(x.dtype(), "scale_rows", [&](auto zero) {
    using T = decltype(zero);
    for_each_2d(x.device(), s.count(), x.dim(-1),
                ScaleRows<T>{x.data<T>(), s.data<T>(), y.data<T>(), x.dim(-1)});
  });
  return y;
}

// True for s of x's axes but the last, or with 1 in its place.
bool names_vectors(const Shape& s, const Shape& x) {
  const int leading = x.rank() - 1;
  if (leading < 0 || (s.rank() != leading && !(s.rank() == x.rank() && s[leading] == 1)))
    return false;
  for (int axis = 0; axis < leading; ++axis)
    if (s[axis] != x[axis]) return false;
  return true;
}

}  // namespace

Var scale_rows(const Var& x, const Var& s) {
  CTR_CHECK(x.dtype() == s.dtype() && names_vectors(s.shape(), x.shape()),
            "scale_rows: s {} {} must hold a number for each vector of x {} {}", s.dtype(),
            s.shape(), x.dtype(), x.shape());
  auto backward = [xv = x.value(), sv = s.value()](const Tensor& dy, GradientSink& sink) {
    if (sink.needs(0)) sink.put(0, scaled(dy, sv));
    if (!sink.needs(1)) return;
    Tensor ds(sv.shape(), dy.dtype(), dy.device());
    visit_float(dy.dtype(), "scale_rows", [&](auto zero) {
      using T = decltype(zero);
      reduce_rows(dy.device(), sv.count(), xv.dim(-1),
                  RowDot<T>{dy.data<T>(), xv.data<T>(), ds.data<T>(), xv.dim(-1)});
    });
    sink.put(1, ds);
  };
  return record("scale_rows", scaled(x.value(), s.value()), {x, s}, backward);
}

OpInfo op_scale_rows() {
  return {.name = "scale_rows",
          .formula = "y[.., k] = s[..] x[.., k]",
          .inputs = {"x", "s"},
          .constants = {},
          .call =
              [](const OpArguments& a) {
                return std::vector<Var>{scale_rows(a.inputs[0], a.inputs[1])};
              },
          .cases = {{"odd sizes", {{5, 7}, {5}}},
                    {"three axes", {{3, 4, 5}, {3, 4}}},
                    {"one row", {{1, 1, 3}, {1, 1}}},
                    {"wide", {{3, 19}, {3, 1}}},
                    {"empty", {{0, 3, 2}, {0, 3}}}},
          .refused = {{"axes",
                       {{3, 5, 7}, {5, 3}},
                       {},
                       {},
                       "scale_rows: s f64 [5,3] must hold a number for each vector of x f64 "
                       "[3,5,7]"},
                      {"count",
                       {{5, 7}, {7}},
                       {},
                       {},
                       "scale_rows: s f64 [7] must hold a number for each vector of x f64 [5,7]"}}};
}

}  // namespace ctr
