#include "engine/check.h"
#include "engine/linalg.h"
#include "ops/fields/fields.h"
#include "ops/registry.h"

namespace ctr {
namespace {

// Field f of [B, F, D] as a matrix [B, D].
template <class T>
Matrix<const T> field_of(const Tensor& v, int64_t f) {
  return {v.data<T>() + f * v.dim(2), v.dim(0), v.dim(2), v.dim(1) * v.dim(2)};
}
template <class T>
Matrix<T> field_of(Tensor& v, int64_t f) {
  return {v.data<T>() + f * v.dim(2), v.dim(0), v.dim(2), v.dim(1) * v.dim(2)};
}
// Matrix f of [F, D, E].
template <class T>
Matrix<const T> matrix_of(const Tensor& w, int64_t f) {
  return {w.data<T>() + f * w.dim(1) * w.dim(2), w.dim(1), w.dim(2), w.dim(2)};
}
template <class T>
Matrix<T> matrix_of(Tensor& w, int64_t f) {
  return {w.data<T>() + f * w.dim(1) * w.dim(2), w.dim(1), w.dim(2), w.dim(2)};
}

// y_f = v_f W_f, or v_f W_fᵀ
Tensor field_products(const Tensor& v, const Tensor& w, Transpose transpose) {
  Tensor y({v.dim(0), v.dim(1), w.dim(transpose == Transpose::yes ? 1 : 2)}, v.dtype(), v.device());
  visit_float(v.dtype(), "field_matmul", [&](auto zero) {
    using T = decltype(zero);
    for (int64_t f = 0; f < v.dim(1); ++f)
      gemm(v.device(), field_of<T>(v, f), Transpose::no, matrix_of<T>(w, f), transpose,
           field_of<T>(y, f));
  });
  return y;
}

}  // namespace

Var field_matmul(const Var& v, const Var& w) {
  CTR_CHECK(v.rank() == 3 && w.rank() == 3 && v.dim(1) == w.dim(0) && v.dim(2) == w.dim(1) &&
                v.dtype() == w.dtype(),
            "field_matmul: v {} {} and W {} {} must be [B, F, D] and [F, D, E]", v.dtype(),
            v.shape(), w.dtype(), w.shape());
  auto backward = [vv = v.value(), wv = w.value()](const Tensor& dy, GradientSink& sink) {
    if (sink.needs(0)) sink.put(0, field_products(dy, wv, Transpose::yes));  // dv_f = dy_f W_fᵀ
    if (!sink.needs(1)) return;
    Tensor dw(wv.shape(), dy.dtype(), dy.device());
    visit_float(dy.dtype(), "field_matmul", [&](auto zero) {
      using T = decltype(zero);
      for (int64_t f = 0; f < wv.dim(0); ++f)  // dW_f = v_fᵀ dy_f
        gemm(dy.device(), field_of<T>(vv, f), Transpose::yes, field_of<T>(dy, f), Transpose::no,
             matrix_of<T>(dw, f));
    });
    sink.put(1, dw);
  };
  return record("field_matmul", field_products(v.value(), w.value(), Transpose::no), {v, w},
                backward);
}

OpInfo op_field_matmul() {
  return {.name = "field_matmul",
          .formula = "y_f = v_f W_f",
          .inputs = {"v", "w"},
          .constants = {},
          .call =
              [](const OpArguments& a) {
                return std::vector<Var>{field_matmul(a.inputs[0], a.inputs[1])};
              },
          .cases = {{"odd sizes", {{4, 3, 5}, {3, 5, 2}}},
                    {"one row, one field", {{1, 1, 3}, {1, 3, 3}}},
                    {"empty", {{0, 3, 5}, {3, 5, 2}}}},
          .refused = {{"fields",
                       {{4, 3, 5}, {2, 5, 2}},
                       {},
                       {},
                       "field_matmul: v f64 [4,3,5] and W f64 [2,5,2] must be"},
                      {"width", {{4, 3, 5}, {3, 4, 2}}, {}, {}, "field_matmul: v f64 [4,3,5]"},
                      {"rank", {{4, 3}, {3, 5, 2}}, {}, {}, "field_matmul: v f64 [4,3]"}},
          .devices = {Device::cpu}};
}

}  // namespace ctr
