#include "ops/reduce/reduce.h"

#include "engine/check.h"
#include "engine/launch.h"
#include "ops/reduce/reduce_bodies.h"
#include "ops/registry.h"

namespace ctr {
namespace {

// x as [outer, n, inner], and the shape without the axis.
struct View {
  int64_t outer, n, inner;
  Shape reduced;
};

View view_of(const char* op, const Var& x, int axis) {
  const int at = axis < 0 ? axis + x.rank() : axis;
  CTR_CHECK(at >= 0 && at < x.rank(), "{}: there is no axis {} in x {}", op, axis, x.shape());
  int64_t dims[Shape::kMaxRank] = {};
  int rank = 0;
  for (int i = 0; i < x.rank(); ++i) {
    if (i != at) dims[rank++] = x.dim(i);
  }
  return {x.shape().count(0, at), x.dim(at), x.shape().count(at + 1, x.rank()),
          Shape(std::span<const int64_t>(dims, static_cast<size_t>(rank)))};
}

Var scaled_sum(const char* op, const Var& x, const View& view, double factor) {
  Tensor y(view.reduced, x.dtype(), x.device());
  visit_float(x.dtype(), op, [&](auto zero) {
    using T = decltype(zero);
    for_each_2d(
        x.device(), view.outer, view.inner,
        SumAxis<T>{x.value().data<T>(), y.data<T>(), view.n, view.inner, static_cast<T>(factor)});
  });
  return record(
      op, y, {x}, [shape = x.shape(), view, factor](const Tensor& dy, GradientSink& sink) {
        Tensor dx(shape, dy.dtype(), dy.device());
        visit_float(dy.dtype(), "sum", [&](auto zero) {
          using T = decltype(zero);
          if (view.inner == 1)
            return for_each_2d(
                dy.device(), view.outer, view.n,
                SumLastBackward<T>{dy.data<T>(), dx.data<T>(), view.n, static_cast<T>(factor)});
          for_each_2d(dy.device(), view.outer * view.n, view.inner,
                      SumAxisBackward<T>{dy.data<T>(), dx.data<T>(), view.n, view.inner,
                                         static_cast<T>(factor)});
        });
        sink.put(0, dx);
      });
}

OpInfo reduction(const char* name, const char* formula, Var (*op)(const Var&, int)) {
  return {.name = name,
          .formula = formula,
          .inputs = {"x"},
          .constants = {},
          .attributes = {"axis"},
          .call =
              [op](const OpArguments& a) {
                return std::vector<Var>{op(a.inputs[0], static_cast<int>(a.number("axis", -1)))};
              },
          .cases = {{"last axis", {{3, 7}}},
                    {"first axis", {{5, 3}}, {}, {{"axis", "0"}}},
                    {"middle axis", {{2, 3, 4}}, {}, {{"axis", "1"}}},
                    {"four axes", {{2, 3, 2, 2}}, {}, {{"axis", "2"}}},
                    {"one row", {{1, 3, 1}}, {}, {{"axis", "1"}}},
                    {"to one number", {{5}}},
                    {"empty", {{0, 4}}}},
          .refused = {{"axis",
                       {{3, 7}},
                       {},
                       {{"axis", "2"}},
                       std::string(name) + ": there is no axis 2 in x [3,7]"}}};
}

}  // namespace

Var sum(const Var& x, int axis) { return scaled_sum("sum", x, view_of("sum", x, axis), 1); }

Var mean(const Var& x, int axis) {
  const View view = view_of("mean", x, axis);
  CTR_CHECK(view.n > 0, "mean: axis {} of x {} is empty", axis, x.shape());
  return scaled_sum("mean", x, view, 1.0 / static_cast<double>(view.n));
}

Var max(const Var& x, int axis) {
  const View view = view_of("max", x, axis);
  CTR_CHECK(view.n > 0, "max: axis {} of x {} is empty", axis, x.shape());
  Tensor y(view.reduced, x.dtype(), x.device());
  Tensor place(view.reduced, DType::i64, x.device());
  visit_float(x.dtype(), "max", [&](auto zero) {
    using T = decltype(zero);
    for_each_2d(
        x.device(), view.outer, view.inner,
        MaxAxis<T>{x.value().data<T>(), y.data<T>(), place.data<int64_t>(), view.n, view.inner});
  });
  return record("max", y, {x},
                [shape = x.shape(), view, place](const Tensor& dy, GradientSink& sink) {
                  Tensor dx(shape, dy.dtype(), dy.device());
                  visit_float(dy.dtype(), "max", [&](auto zero) {
                    using T = decltype(zero);
                    for_each_2d(dy.device(), view.outer * view.n, view.inner,
                                MaxAxisBackward<T>{dy.data<T>(), place.data<int64_t>(),
                                                   dx.data<T>(), view.n, view.inner});
                  });
                  sink.put(0, dx);
                });
}

OpInfo op_sum() { return reduction("sum", "y = sum of x over an axis", sum); }
OpInfo op_mean() { return reduction("mean", "y = mean of x over an axis", mean); }
OpInfo op_max() { return reduction("max", "y = max of x over an axis", max); }

}  // namespace ctr
