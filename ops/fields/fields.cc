#include "ops/fields/fields.h"

#include "engine/check.h"
#include "engine/launch.h"
#include "ops/fields/fields_bodies.h"
#include "ops/registry.h"

namespace ctr {
Var fm_second_order(const Var& v) {
  CTR_CHECK(v.rank() == 3, "fm_second_order: v must be [batch, fields, width], got {}", v.shape());
  const int64_t rows = v.dim(0), fields = v.dim(1), width = v.dim(2);
  Tensor y({rows, 1}, v.dtype(), v.device());
  visit_float(v.dtype(), "fm_second_order", [&](auto zero) {
    using T = decltype(zero);
    reduce_rows(v.device(), rows, width,
                FmSecondOrder<T>{v.value().data<T>(), y.data<T>(), fields, width});
  });
  return record("fm_second_order", y, {v},
                [kept = v.value(), rows, fields, width](const Tensor& dy, GradientSink& sink) {
                  if (!sink.needs(0)) return;
                  Tensor* sum = sink.sum(0);
                  Tensor dv = sum != nullptr ? *sum : Tensor(kept.shape(), kept.dtype());
                  visit_float(dy.dtype(), "fm_second_order", [&](auto zero) {
                    using T = decltype(zero);
                    for_each_2d(dy.device(), rows, width,
                                FmSecondOrderBackward<T>{kept.data<T>(), dy.data<T>(), dv.data<T>(),
                                                         fields, width, sum != nullptr});
                  });
                  if (sum == nullptr) sink.put(0, dv);
                });
}

OpInfo op_fm_second_order() {
  return {
      .name = "fm_second_order",
      .formula = "y = sum_{i<j} <v_i, v_j>",
      .inputs = {"v"},
      .constants = {},
      .call = [](const OpArguments& a) { return std::vector<Var>{fm_second_order(a.inputs[0])}; },
      .cases = {{"odd sizes", {{3, 5, 7}}},
                {"two fields, one row", {{1, 2, 1}}},
                {"wide", {{2, 3, 19}}},
                {"empty", {{0, 5, 4}}}},
      .refused = {{"rank",
                   {{3, 5}},
                   {},
                   {},
                   "fm_second_order: v must be [batch, fields, width], got [3,5]"}},
      .golden = {{"fm_second_order", {}, {{"e", "v"}}}}};
}

}  // namespace ctr
