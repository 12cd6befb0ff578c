#include "engine/check.h"
#include "engine/launch.h"
#include "ops/fields/field_mixing.h"
#include "ops/fields/symmetric_bodies.h"
#include "ops/registry.h"

namespace ctr {

static_assert(kMostSymmetricOrder == 5, "as many sums as the body keeps");

Var elementary_symmetric(const Var& v, int64_t order) {
  CTR_CHECK(v.rank() == 3 && order >= 1 && order <= kMostSymmetricOrder,
            "elementary_symmetric: v must be [batch, fields, width] and the order 1 to {}, got {} "
            "and {}",
            kMostSymmetricOrder, v.shape(), order);
  const int64_t rows = v.dim(0), fields = v.dim(1), width = v.dim(2);
  Tensor s({rows, order, width}, v.dtype(), v.device());
  visit_float(v.dtype(), "elementary_symmetric", [&](auto zero) {
    using T = decltype(zero);
    for_each_2d(v.device(), rows, width,
                ElementarySymmetric<T>{v.value().data<T>(), s.data<T>(), fields, width, order});
  });
  return record(
      "elementary_symmetric", s, {v},
      [vv = v.value(), s, rows, fields, width, order](const Tensor& ds, GradientSink& sink) {
        Tensor dv(vv.shape(), vv.dtype(), vv.device());
        visit_float(ds.dtype(), "elementary_symmetric", [&](auto zero) {
          using T = decltype(zero);
          for_each_2d(ds.device(), rows * fields, width,
                      ElementarySymmetricBackward<T>{vv.data<T>(), s.data<T>(), ds.data<T>(),
                                                     dv.data<T>(), fields, width, order});
        });
        sink.put(0, dv);
      });
}

OpInfo op_elementary_symmetric() {
  auto call = [](const OpArguments& a) {
    return std::vector<Var>{
        elementary_symmetric(a.inputs[0], static_cast<int64_t>(a.number("order", 2)))};
  };
  return {.name = "elementary_symmetric",
          .formula = "s_k = sum of the products of k fields",
          .inputs = {"v"},
          .constants = {},
          .attributes = {"order"},
          .call = call,
          .cases = {{"odd sizes", {{3, 5, 7}}, {}, {{"order", "3"}}},
                    {"fifth order", {{2, 6, 3}}, {}, {{"order", "5"}}},
                    {"more orders than fields", {{2, 3, 9}}, {}, {{"order", "5"}}},
                    {"first order, one row", {{1, 2, 1}}, {}, {{"order", "1"}}},
                    {"empty", {{0, 5, 4}}, {}, {{"order", "2"}}}},
          .refused = {{"order",
                       {{3, 5, 7}},
                       {},
                       {{"order", "6"}},
                       "elementary_symmetric: v must be [batch, fields, width] and the order 1 to "
                       "5, got [3,5,7] and 6"},
                      {"rank", {{3, 5}}, {}, {}, "elementary_symmetric: v must be"}}};
}

}  // namespace ctr
