#include "engine/check.h"
#include "engine/launch.h"
#include "engine/linalg.h"
#include "ops/elementwise/row_bodies.h"
#include "ops/fusion/fusion.h"
#include "ops/registry.h"

namespace ctr {
namespace {

struct Heads {
  int64_t rows, count, n, m;  // n, m: widths of one head
};

// Head h of [B, H · width] and of [H, n, m].
template <class T>
Matrix<const T> columns(const Tensor& x, const Heads& of, int64_t width, int64_t h) {
  return {x.data<T>() + h * width, of.rows, width, of.count * width};
}
template <class T>
Matrix<T> columns(Tensor& x, const Heads& of, int64_t width, int64_t h) {
  return {x.data<T>() + h * width, of.rows, width, of.count * width};
}
template <class T>
Matrix<const T> slice(const Tensor& w, const Heads& of, int64_t h) {
  return {w.data<T>() + h * of.n * of.m, of.n, of.m, of.m};
}

// t_h = x_h W_h
Tensor transformed(const Tensor& x, const Tensor& w, const Heads& of) {
  Tensor t({of.rows, of.count * of.m}, x.dtype(), x.device());
  visit_float(x.dtype(), "multi_head_bilinear", [&](auto zero) {
    using T = decltype(zero);
    for (int64_t h = 0; h < of.count; ++h)
      gemm(x.device(), columns<T>(x, of, of.n, h), Transpose::no, slice<T>(w, of, h), Transpose::no,
           columns<T>(t, of, of.m, h));
  });
  return t;
}

// Row b of x, times dz_b.
Tensor scaled_rows(const Tensor& x, const Tensor& dz) {
  Tensor result(x.shape(), x.dtype(), x.device());
  visit_float(x.dtype(), "multi_head_bilinear", [&](auto zero) {
    using T = decltype(zero);
    for_each_2d(x.device(), x.dim(0), x.dim(1),
                ScaleRows<T>{x.data<T>(), dz.data<T>(), result.data<T>(), x.dim(1)});
  });
  return result;
}

}  // namespace

Var multi_head_bilinear(const Var& x, const Var& y, const Var& w, int64_t heads) {
  CTR_CHECK(x.rank() == 2 && y.rank() == 2 && x.dim(0) == y.dim(0) && x.dtype() == y.dtype(),
            "multi_head_bilinear: x {} {} and y {} {} must be [B, N] and [B, M]", x.dtype(),
            x.shape(), y.dtype(), y.shape());
  CTR_CHECK(heads > 0 && x.dim(1) % heads == 0 && y.dim(1) % heads == 0,
            "multi_head_bilinear: {} heads do not divide the widths {} and {}", heads, x.dim(1),
            y.dim(1));
  const Heads of{x.dim(0), heads, x.dim(1) / heads, y.dim(1) / heads};
  CTR_CHECK(w.value().count() == heads * of.n * of.m && w.dtype() == x.dtype(),
            "multi_head_bilinear: W {} {} must hold {} {} numbers for {} heads of [{}, {}]",
            w.dtype(), w.shape(), heads * of.n * of.m, x.dtype(), heads, of.n, of.m);
  const Tensor t = transformed(x.value(), w.value(), of);  // [B, M]
  Tensor z({of.rows, 1}, x.dtype(), x.device());
  visit_float(x.dtype(), "multi_head_bilinear", [&](auto zero) {
    using T = decltype(zero);
    reduce_rows(x.device(), of.rows, y.dim(1),
                RowDot<T>{t.data<T>(), y.value().data<T>(), z.data<T>(), y.dim(1)});
  });
  auto backward = [=, xv = x.value(), yv = y.value(), wv = w.value()](const Tensor& dz,
                                                                      GradientSink& sink) {
    if (sink.needs(1)) sink.put(1, scaled_rows(t, dz));
    if (!sink.needs(0) && !sink.needs(2)) return;
    const Tensor dt = scaled_rows(yv, dz);
    visit_float(dz.dtype(), "multi_head_bilinear", [&](auto zero) {
      using T = decltype(zero);
      if (sink.needs(0)) {
        Tensor dx(xv.shape(), xv.dtype(), xv.device());
        for (int64_t h = 0; h < of.count; ++h)  // dx_h = dt_h W_hᵀ
          gemm(dz.device(), columns<T>(dt, of, of.m, h), Transpose::no, slice<T>(wv, of, h),
               Transpose::yes, columns<T>(dx, of, of.n, h));
        sink.put(0, dx);
      }
      if (sink.needs(2)) {
        Tensor dw(wv.shape(), wv.dtype(), wv.device());
        for (int64_t h = 0; h < of.count; ++h)  // dW_h = x_hᵀ dt_h
          gemm(dz.device(), columns<T>(xv, of, of.n, h), Transpose::yes,
               columns<T>(dt, of, of.m, h), Transpose::no,
               Matrix<T>{dw.data<T>() + h * of.n * of.m, of.n, of.m, of.m});
        sink.put(2, dw);
      }
    });
  };
  return record("multi_head_bilinear", z, {x, y, w}, backward);
}

OpInfo op_multi_head_bilinear() {
  auto call = [](const OpArguments& a) {
    return std::vector<Var>{multi_head_bilinear(a.inputs[0], a.inputs[1], a.inputs[2],
                                                static_cast<int64_t>(a.number("heads", 1)))};
  };
  return {.name = "multi_head_bilinear",
          .formula = "z_b = sum_h x_bh^T W_h y_bh",
          .inputs = {"x", "y", "w"},
          .constants = {},
          .attributes = {"heads"},
          .call = call,
          .cases = {{"one head", {{5, 3}, {5, 7}, {3, 7}}},
                    {"three heads", {{4, 6}, {4, 9}, {3, 2, 3}}, {}, {{"heads", "3"}}},
                    {"flat weights", {{3, 4}, {3, 2}, {4, 1}}, {}, {{"heads", "2"}}},
                    {"one row", {{1, 5}, {1, 1}, {5}}},
                    {"empty", {{0, 4}, {0, 2}, {4}}, {}, {{"heads", "2"}}}},
          .refused = {{"rows",
                       {{3, 4}, {2, 4}, {16}},
                       {},
                       {},
                       "multi_head_bilinear: x f64 [3,4] and y f64 [2,4] must be"},
                      {"heads",
                       {{3, 4}, {3, 6}, {12}},
                       {},
                       {{"heads", "4"}},
                       "multi_head_bilinear: 4 heads do not divide the widths 4 and 6"},
                      {"weights",
                       {{3, 4}, {3, 6}, {24}},
                       {},
                       {{"heads", "2"}},
                       "multi_head_bilinear: W f64 [24] must hold 12 f64 numbers"}},
          .devices = {Device::cpu}};
}

}  // namespace ctr
