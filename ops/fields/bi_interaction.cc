#include "engine/check.h"
#include "engine/launch.h"
#include "ops/fields/field_vectors_bodies.h"
#include "ops/fields/fields.h"
#include "ops/registry.h"

namespace ctr {

Var bi_interaction(const Var& v) {
  CTR_CHECK(v.rank() == 3, "bi_interaction: v must be [batch, fields, width], got {}", v.shape());
  const int64_t rows = v.dim(0), fields = v.dim(1), width = v.dim(2);
  Tensor y({rows, width}, v.dtype(), v.device());
  visit_float(v.dtype(), "bi_interaction", [&](auto zero) {
    using T = decltype(zero);
    for_each_2d(v.device(), rows, width,
                BiInteraction<T>{v.value().data<T>(), y.data<T>(), fields, width});
  });
  return record("bi_interaction", y, {v},
                [kept = v.value(), rows, fields, width](const Tensor& dy, GradientSink& sink) {
                  if (!sink.needs(0)) return;
                  Tensor dv(kept.shape(), kept.dtype(), kept.device());
                  visit_float(dy.dtype(), "bi_interaction", [&](auto zero) {
                    using T = decltype(zero);
                    for_each_2d(dy.device(), rows, width,
                                BiInteractionBackward<T>{kept.data<T>(), dy.data<T>(), dv.data<T>(),
                                                         fields, width});
                  });
                  sink.put(0, dv);
                });
}

OpInfo op_bi_interaction() {
  return {
      .name = "bi_interaction",
      .formula = "y = sum_{i<j} v_i * v_j",
      .inputs = {"v"},
      .constants = {},
      .call = [](const OpArguments& a) { return std::vector<Var>{bi_interaction(a.inputs[0])}; },
      .cases = {{"odd sizes", {{3, 5, 7}}},
                {"two fields, one row", {{1, 2, 1}}},
                {"wide", {{2, 3, 19}}},
                {"empty", {{0, 5, 4}}}},
      .refused = {{"rank",
                   {{3, 5}},
                   {},
                   {},
                   "bi_interaction: v must be [batch, fields, width], got [3,5]"}}};
}

}  // namespace ctr
