#include "engine/check.h"
#include "engine/launch.h"
#include "ops/fields/field_vectors_bodies.h"
#include "ops/fields/fields.h"
#include "ops/registry.h"

namespace ctr {
namespace {

Tensor scaled_rows(const Tensor& v, const Tensor& a) {
  Tensor y(v.shape(), v.dtype(), v.device());
  visit_float(v.dtype(), "scale_fields", [&](auto zero) {
    using T = decltype(zero);
    for_each_2d(v.device(), a.count(), v.dim(2),
                ScaleRows<T>{v.data<T>(), a.data<T>(), y.data<T>(), v.dim(2)});
  });
  return y;
}

}  // namespace

Var scale_fields(const Var& v, const Var& a) {
  CTR_CHECK(v.rank() == 3 && a.rank() == 2 && a.dim(0) == v.dim(0) && a.dim(1) == v.dim(1) &&
                a.dtype() == v.dtype(),
            "scale_fields: v {} {} and a {} {} must be [batch, fields, width] and [batch, fields]",
            v.dtype(), v.shape(), a.dtype(), a.shape());
  return record("scale_fields", scaled_rows(v.value(), a.value()), {v, a},
                [kept = v.value(), factors = a.value()](const Tensor& dy, GradientSink& sink) {
                  if (sink.needs(0)) sink.put(0, scaled_rows(dy, factors));
                  if (!sink.needs(1)) return;
                  Tensor da(factors.shape(), dy.dtype(), dy.device());
                  visit_float(dy.dtype(), "scale_fields", [&](auto zero) {
                    using T = decltype(zero);
                    reduce_rows(dy.device(), factors.count(), kept.dim(2),
                                ScaleRowsBackward<T>{kept.data<T>(), dy.data<T>(), da.data<T>(),
                                                     kept.dim(2)});
                  });
                  sink.put(1, da);
                });
}

OpInfo op_scale_fields() {
  return {.name = "scale_fields",
          .formula = "y_f = a_f v_f",
          .inputs = {"v", "a"},
          .constants = {},
          .call =
              [](const OpArguments& a) {
                return std::vector<Var>{scale_fields(a.inputs[0], a.inputs[1])};
              },
          .cases = {{"odd sizes", {{3, 5, 7}, {3, 5}}},
                    {"one row", {{1, 2, 1}, {1, 2}}},
                    {"wide", {{2, 3, 19}, {2, 3}}},
                    {"empty", {{0, 5, 4}, {0, 5}}}},
          .refused = {{"fields",
                       {{3, 5, 7}, {3, 4}},
                       {},
                       {},
                       "scale_fields: v f64 [3,5,7] and a f64 [3,4] must be"},
                      {"rank", {{3, 5}, {3, 5}}, {}, {}, "scale_fields: v f64 [3,5]"}}};
}

}  // namespace ctr
