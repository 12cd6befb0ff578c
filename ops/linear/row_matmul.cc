#include "engine/check.h"
#include "engine/launch.h"
#include "ops/linear/linear.h"
#include "ops/linear/row_matmul_bodies.h"
#include "ops/registry.h"
#include "ops/shaping/shaping.h"

namespace ctr {

Var batched_matmul(const Var& x, const Var& y) {
  CTR_CHECK(x.rank() == 3 && y.rank() == 3 && x.dim(0) == y.dim(0) && x.dim(2) == y.dim(1) &&
                x.dtype() == y.dtype(),
            "batched_matmul: x {} {} and y {} {} must be [B, N, K] and [B, K, M]", x.dtype(),
            x.shape(), y.dtype(), y.shape());
  const int64_t batch = x.dim(0), n = x.dim(1), k = x.dim(2), m = y.dim(2);
  Tensor z({batch, n, m}, x.dtype(), x.device());
  visit_float(x.dtype(), "batched_matmul", [&](auto zero) {
    using T = decltype(zero);
    for_each_2d(z.device(), batch * n, m,
                BatchedForward<T>{x.value().data<T>(), y.value().data<T>(), z.data<T>(), n, k, m});
  });
  auto backward = [xv = x.value(), yv = y.value(), batch, n, k, m](const Tensor& dz,
                                                                   GradientSink& sink) {
    visit_float(dz.dtype(), "batched_matmul", [&](auto zero) {
      using T = decltype(zero);
      if (sink.needs(0)) {
        Tensor dx(xv.shape(), xv.dtype(), xv.device());
        for_each_2d(dz.device(), batch * n, k,
                    BatchedBackwardLeft<T>{yv.data<T>(), dz.data<T>(), dx.data<T>(), n, k, m});
        sink.put(0, dx);
      }
      if (sink.needs(1)) {
        Tensor dy(yv.shape(), yv.dtype(), yv.device());
        for_each_2d(dz.device(), batch * k, m,
                    BatchedBackwardRight<T>{xv.data<T>(), dz.data<T>(), dy.data<T>(), n, k, m});
        sink.put(1, dy);
      }
    });
  };
  return record("batched_matmul", z, {x, y}, backward);
}

Var row_matmul(const Var& h, const Var& w, int64_t out) {
  CTR_CHECK(h.rank() == 2 && w.dim(0) == h.dim(0) && w.value().count() == h.value().count() * out,
            "row_matmul: h {} and W {} must be [B, N] and [B, N, {}]", h.shape(), w.shape(), out);
  Var row = reshape(h, {h.dim(0), 1, h.dim(1)});
  return reshape(batched_matmul(row, reshape(w, {h.dim(0), h.dim(1), out})), {h.dim(0), out});
}

OpInfo op_batched_matmul() {
  return {.name = "batched_matmul",
          .formula = "z_b = x_b y_b",
          .inputs = {"x", "y"},
          .constants = {},
          .call =
              [](const OpArguments& a) {
                return std::vector<Var>{batched_matmul(a.inputs[0], a.inputs[1])};
              },
          .cases = {{"odd sizes", {{3, 4, 5}, {3, 5, 2}}},
                    {"one of each", {{1, 1, 1}, {1, 1, 1}}},
                    {"empty", {{0, 4, 5}, {0, 5, 2}}}},
          .refused = {{"inner sizes",
                       {{3, 4, 5}, {3, 4, 2}},
                       {},
                       {},
                       "batched_matmul: x f64 [3,4,5] and y f64 [3,4,2]"},
                      {"batches",
                       {{3, 4, 5}, {2, 5, 2}},
                       {},
                       {},
                       "batched_matmul: x f64 [3,4,5] and y f64 [2,5,2]"}},
          .golden = {{"batched_matmul"}}};
}

OpInfo op_row_matmul() {
  auto call = [](const OpArguments& a) {
    return std::vector<Var>{
        row_matmul(a.inputs[0], a.inputs[1], static_cast<int64_t>(a.number("out", 1)))};
  };
  return {.name = "row_matmul",
          .formula = "y_b = h_b W_b",
          .inputs = {"h", "w"},
          .constants = {},
          .attributes = {"out"},
          .call = call,
          .cases = {{"odd sizes", {{3, 5}, {3, 5, 7}}, {}, {{"out", "7"}}},
                    {"flat weights", {{2, 3}, {2, 6}}, {}, {{"out", "2"}}},
                    {"empty", {{0, 3}, {0, 6}}, {}, {{"out", "2"}}}},
          .refused = {{"size",
                       {{3, 5}, {3, 5, 6}},
                       {},
                       {{"out", "7"}},
                       "row_matmul: h [3,5] and W [3,5,6] must be"}}};
}

}  // namespace ctr
