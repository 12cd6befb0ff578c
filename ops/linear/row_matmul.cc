#include "engine/check.h"
#include "ops/linear/linear.h"
#include "ops/registry.h"
#include "ops/shaping/shaping.h"

namespace ctr {

namespace {

template <class T>
Matrix<const T> slice(const Tensor& tensor) {
  return {tensor.data<T>(), tensor.dim(1), tensor.dim(2), tensor.dim(2)};
}
template <class T>
Matrix<T> slice(Tensor& tensor) {
  return {tensor.data<T>(), tensor.dim(1), tensor.dim(2), tensor.dim(2)};
}

// c_b = op(a_b) op(b_b), slice by slice.
Tensor products(const Tensor& a, Transpose ta, const Tensor& b, Transpose tb) {
  Tensor c({a.dim(0), a.dim(ta == Transpose::yes ? 2 : 1), b.dim(tb == Transpose::yes ? 1 : 2)},
           a.dtype(), a.device());
  visit_float(a.dtype(), "batched_matmul", [&](auto zero) {
    using T = decltype(zero);
    batched_gemm(a.device(), a.dim(0), slice<T>(a), ta, slice<T>(b), tb, slice<T>(c));
  });
  return c;
}

}  // namespace

Var batched_matmul(const Var& x, const Var& y, Transpose transpose_y) {
  const bool t = transpose_y == Transpose::yes;
  CTR_CHECK(x.rank() == 3 && y.rank() == 3 && x.dim(0) == y.dim(0) &&
                x.dim(2) == y.dim(t ? 2 : 1) && x.dtype() == y.dtype(),
            "batched_matmul: x {} {} and y {} {} must be [B, N, K] and {}", x.dtype(), x.shape(),
            y.dtype(), y.shape(), t ? "[B, M, K]" : "[B, K, M]");
  Tensor z = products(x.value(), Transpose::no, y.value(), transpose_y);
  auto backward = [xv = x.value(), yv = y.value(), t](const Tensor& dz, GradientSink& sink) {
    if (sink.needs(0))  // dx = dz yᵀ
      sink.put(0, products(dz, Transpose::no, yv, t ? Transpose::no : Transpose::yes));
    if (!sink.needs(1)) return;
    sink.put(1, t ? products(dz, Transpose::yes, xv, Transpose::no)    // dy = dzᵀ x
                  : products(xv, Transpose::yes, dz, Transpose::no));  // dy = xᵀ dz
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
          .attributes = {"transpose_y"},
          .call =
              [](const OpArguments& a) {
                bool t = a.text("transpose_y", "false") == "true";
                return std::vector<Var>{
                    batched_matmul(a.inputs[0], a.inputs[1], t ? Transpose::yes : Transpose::no)};
              },
          .cases = {{"odd sizes", {{3, 4, 5}, {3, 5, 2}}},
                    {"transposed", {{3, 4, 5}, {3, 2, 5}}, {}, {{"transpose_y", "true"}}},
                    {"blocks and edges", {{2, 19, 7}, {2, 7, 21}}},
                    {"blocks and edges, transposed",
                     {{2, 9, 7}, {2, 18, 7}},
                     {},
                     {{"transpose_y", "true"}}},
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
          .golden = {{"batched_matmul"}},
          .devices = {Device::cpu}};
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
                       "row_matmul: h [3,5] and W [3,5,6] must be"}},
          .devices = {Device::cpu}};
}

}  // namespace ctr
