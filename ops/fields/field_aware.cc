#include "engine/check.h"
#include "engine/launch.h"
#include "ops/fields/pair_bodies.h"
#include "ops/fields/pairs.h"
#include "ops/registry.h"

namespace ctr {

Var field_aware_interaction(const Var& e) {
  CTR_CHECK(e.rank() == 3 && e.dim(1) > 1 && e.dim(2) % (e.dim(1) - 1) == 0,
            "field_aware_interaction: e must be [batch, fields, (fields - 1) width] with at least "
            "two fields, got {}",
            e.shape());
  const int64_t rows = e.dim(0), fields = e.dim(1), width = e.dim(2) / (fields - 1);
  Tensor y({rows, 1}, e.dtype(), e.device());
  visit_float(e.dtype(), "field_aware_interaction", [&](auto zero) {
    using T = decltype(zero);
    for_each(e.device(), rows, FieldAware<T>{e.value().data<T>(), y.data<T>(), fields, width});
  });
  return record("field_aware_interaction", y, {e},
                [kept = e.value(), rows, fields, width](const Tensor& dy, GradientSink& sink) {
                  if (!sink.needs(0)) return;
                  Tensor de(kept.shape(), kept.dtype(), kept.device());
                  visit_float(dy.dtype(), "field_aware_interaction", [&](auto zero) {
                    using T = decltype(zero);
                    for_each_2d(dy.device(), rows, fields,
                                FieldAwareBackward<T>{kept.data<T>(), dy.data<T>(), de.data<T>(),
                                                      fields, width});
                  });
                  sink.put(0, de);
                });
}

OpInfo op_field_aware_interaction() {
  return {.name = "field_aware_interaction",
          .formula = "y = sum_{i<j} <e_i[j-1], e_j[i]>",
          .inputs = {"e"},
          .constants = {},
          .call =
              [](const OpArguments& a) {
                return std::vector<Var>{field_aware_interaction(a.inputs[0])};
              },
          .cases = {{"odd sizes", {{3, 4, 9}}},
                    {"two fields, one row", {{1, 2, 1}}},
                    {"wide", {{2, 3, 22}}},
                    {"empty", {{0, 3, 4}}}},
          .refused = {{"width",
                       {{3, 4, 8}},
                       {},
                       {},
                       "field_aware_interaction: e must be [batch, fields, (fields - 1) width]"},
                      {"one field", {{3, 1, 8}}, {}, {}, "with at least two fields, got [3,1,8]"}}};
}

}  // namespace ctr
