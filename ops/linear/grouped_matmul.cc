#include "engine/check.h"
#include "ops/linear/group_products.h"
#include "ops/linear/linear.h"
#include "ops/registry.h"

namespace ctr {

Var grouped_matmul(const Var& h, const Var& w, const RowGroups& groups) {
  CTR_CHECK(h.rank() == 2 && w.rank() == 3 && h.dim(1) == w.dim(1) && h.dtype() == w.dtype() &&
                groups.of.count() == h.dim(0) && groups.count() == w.dim(0),
            "grouped_matmul: h {} {}, W {} {} and {} groups of {} rows must be [B, N], [G, N, M] "
            "and G groups of B rows",
            h.dtype(), h.shape(), w.dtype(), w.shape(), groups.count(), groups.of.count());
  Tensor y({h.dim(0), w.dim(2)}, h.dtype(), h.device());
  group_product(h.value(), w.value(), Transpose::no, groups, y);
  auto backward = [hv = h.value(), wv = w.value(), groups](const Tensor& dy, GradientSink& sink) {
    if (sink.needs(0)) {  // dh_b = dy_b W_gᵀ
      Tensor dh(hv.shape(), hv.dtype(), hv.device());
      group_input_gradient(dy, wv, Transpose::no, groups, sink.columns(0), dh);
      sink.put(0, dh);
    }
    if (sink.needs(1)) sink.put(1, group_outer(hv, dy, groups));  // dW_g = Σ h_bᵀ dy_b
  };
  return record("grouped_matmul", y, {h, w}, backward);
}

OpInfo op_grouped_matmul() {
  auto ids = [](std::vector<int64_t> values) {
    return Tensor::from({static_cast<int64_t>(values.size())}, values);
  };
  auto call = [](const OpArguments& a) {
    const int64_t groups = a.inputs[1].rank() == 3 ? a.inputs[1].dim(0) : 0;
    return std::vector<Var>{
        grouped_matmul(a.inputs[0], a.inputs[1], group_rows(a.constants[0], groups))};
  };
  return {.name = "grouped_matmul",
          .formula = "y_b = h_b W_g(b)",
          .inputs = {"h", "w"},
          .constants = {"groups"},
          .call = call,
          .cases = {{"an empty group", {{5, 3}, {4, 3, 2}}, {ids({2, 0, 2, 3, 0})}},
                    {"one group", {{4, 5}, {1, 5, 7}}, {ids({0, 0, 0, 0})}},
                    {"a row each", {{3, 2}, {3, 2, 9}}, {ids({1, 2, 0})}},
                    {"empty", {{0, 3}, {2, 3, 2}}, {ids({})}}},
          .refused = {{"inner sizes",
                       {{5, 3}, {4, 2, 2}},
                       {ids({2, 0, 2, 3, 0})},
                       {},
                       "grouped_matmul: h f64 [5,3], W f64 [4,2,2] and 4 groups of 5 rows"},
                      {"rows",
                       {{5, 3}, {4, 3, 2}},
                       {ids({2, 0})},
                       {},
                       "grouped_matmul: h f64 [5,3], W f64 [4,3,2] and 4 groups of 2 rows"},
                      {"group",
                       {{2, 3}, {4, 3, 2}},
                       {ids({2, 4})},
                       {},
                       "groups: row 1 is of group 4, expected one in [0, 4)"}},
          .devices = {Device::cpu}};
}

}  // namespace ctr
