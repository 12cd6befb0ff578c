#include "ops/fields/fields.h"

#include "engine/check.h"
#include "engine/launch.h"
#include "ops/fields/fields_bodies.h"
#include "ops/registry.h"

namespace ctr {
namespace {

void check(const char* op, const Var& v) {
  CTR_CHECK(v.rank() == 3, "{}: v must be [batch, fields, width], got {}", op, v.shape());
}

OpInfo field_op(const char* name, const char* formula, Var (*op)(const Var&)) {
  return {.name = name,
          .formula = formula,
          .inputs = {"v"},
          .constants = {},
          .call = [op](const OpArguments& a) { return std::vector<Var>{op(a.inputs[0])}; },
          .cases = {{"odd sizes", {{3, 5, 7}}},
                    {"two fields, one row", {{1, 2, 1}}},
                    {"wide", {{2, 3, 19}}},
                    {"empty", {{0, 5, 4}}}},
          .refused = {{"rank",
                       {{3, 5}},
                       {},
                       {},
                       std::string(name) + ": v must be [batch, fields, width], got [3,5]"}}};
}

}  // namespace

Var sum_fields(const Var& v) {
  check("sum_fields", v);
  const int64_t rows = v.dim(0), fields = v.dim(1), width = v.dim(2);
  Tensor y({rows, width}, v.dtype(), v.device());
  visit_float(v.dtype(), "sum_fields", [&](auto zero) {
    using T = decltype(zero);
    for_each_2d(v.device(), rows, width,
                SumFields<T>{v.value().data<T>(), y.data<T>(), fields, width});
  });
  return record("sum_fields", y, {v}, [rows, fields, width](const Tensor& dy, GradientSink& sink) {
    if (!sink.needs(0)) return;
    Tensor dv({rows, fields, width}, dy.dtype(), dy.device());
    visit_float(dy.dtype(), "sum_fields", [&](auto zero) {
      using T = decltype(zero);
      for_each_2d(dy.device(), rows, width,
                  SumFieldsBackward<T>{dy.data<T>(), dv.data<T>(), fields, width});
    });
    sink.put(0, dv);
  });
}

Var fm_second_order(const Var& v) {
  check("fm_second_order", v);
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
                  Tensor dv(kept.shape(), kept.dtype(), kept.device());
                  visit_float(dy.dtype(), "fm_second_order", [&](auto zero) {
                    using T = decltype(zero);
                    for_each_2d(dy.device(), rows, width,
                                FmSecondOrderBackward<T>{kept.data<T>(), dy.data<T>(), dv.data<T>(),
                                                         fields, width});
                  });
                  sink.put(0, dv);
                });
}

OpInfo op_sum_fields() { return field_op("sum_fields", "y = sum_f v_f", sum_fields); }

OpInfo op_fm_second_order() {
  OpInfo info = field_op("fm_second_order", "y = sum_{i<j} <v_i, v_j>", fm_second_order);
  info.golden = {{"fm_second_order", {}, {{"e", "v"}}}};
  return info;
}

}  // namespace ctr
