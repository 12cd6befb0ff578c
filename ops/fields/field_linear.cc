#include "engine/check.h"
#include "ops/elementwise/elementwise.h"
#include "ops/fields/field_mixing.h"
#include "ops/fields/field_tiles.h"
#include "ops/registry.h"

namespace ctr {

Tensor field_sums(const Tensor& dy) {
  Tensor sums({dy.dim(1)}, dy.dtype(), dy.device());
  visit_float(dy.dtype(), "field sum", [&](auto zero) {
    using T = decltype(zero);
    reduce_cols(dy.device(), dy.dim(0), dy.dim(1),
                FieldSum<T>{dy.data<T>(), sums.data<T>(), dy.dim(1), dy.dim(2)});
  });
  return sums;
}

namespace {

// y = W v: tiles [F, N] to [L, N].
template <class T>
void forward(const Tensor& v, const Tensor& weight, const Tensor& bias, Tensor& y) {
  const int64_t fields = v.dim(1), out = weight.dim(0);
  const FieldTiles tiles(v.dim(0), v.dim(2));
  const ThreadScratch<T> scratch = tiles.scratch<T>(fields + out);
  const MeasuredProduct measured(tiles.product(out, fields));
  tiles.each(fields * out * v.dim(2), [&](int64_t, int64_t first, int64_t samples) {
    const int64_t stride = tiles.stride(), columns = samples * v.dim(2);
    T* in = scratch.mine();
    T* mixed = in + fields * stride;
    load_tile(v, first, samples, stride, in);
    gemm(v.device(), {weight.data<T>(), out, fields, fields}, Transpose::no,
         {in, fields, columns, stride}, Transpose::no, Matrix<T>{mixed, out, columns, stride});
    store_tile(mixed, stride, bias.defined() ? bias.data<T>() : nullptr, first, samples, y);
  });
}

// dv = Wᵀ dy and dW = Σ dy vᵀ; either may be undefined.
template <class T>
void backward(const Tensor& v, const Tensor& weight, const Tensor& dy, Tensor& dv, Tensor& dw) {
  const int64_t fields = v.dim(1), out = weight.dim(0);
  const FieldTiles tiles(v.dim(0), v.dim(2));
  const ThreadScratch<T> scratch = tiles.scratch<T>(2 * fields + out);
  const int64_t count = dw.defined() ? out * fields : 0;
  Tensor sums = Tensor::zeros({std::max<int64_t>(1, tiles.chunks()), count}, v.dtype());
  const ThreadScratch<T> parts(count);
  Product both = tiles.product(fields, out);
  both.repeats *= dv.defined() + dw.defined();
  const MeasuredProduct measured(both);
  tiles.each(2 * fields * out * v.dim(2), [&](int64_t chunk, int64_t first, int64_t samples) {
    const int64_t stride = tiles.stride(), columns = samples * v.dim(2);
    T* in = scratch.mine();
    T* din = in + fields * stride;
    T* up = din + fields * stride;
    load_tile(dy, first, samples, stride, up);
    const Matrix<const T> dout{up, out, columns, stride};
    if (dv.defined()) {
      gemm(v.device(), {weight.data<T>(), out, fields, fields}, Transpose::yes, dout, Transpose::no,
           Matrix<T>{din, fields, columns, stride});
      store_tile<T>(din, stride, nullptr, first, samples, dv);
    }
    if (!dw.defined()) return;
    load_tile(v, first, samples, stride, in);
    T* part = parts.mine();
    gemm(v.device(), dout, Transpose::no, {in, fields, columns, stride}, Transpose::yes,
         Matrix<T>{part, out, fields, fields});
    add_part(v.device(), part, tiles.begins_chunk(first), count, sums.data<T>() + chunk * count);
  });
  if (dw.defined()) dw = column_sum(sums, out * fields).reshaped(dw.shape());
}

}  // namespace

Var field_linear(const Var& v, const Var& weight, const Var& bias) {
  CTR_CHECK(v.rank() == 3 && weight.rank() == 2 && v.dim(1) == weight.dim(1) &&
                v.dtype() == weight.dtype(),
            "field_linear: v {} {} and W {} {} must be [batch, fields, width] and [out, fields]",
            v.dtype(), v.shape(), weight.dtype(), weight.shape());
  CTR_CHECK(
      !bias.defined() || (bias.value().count() == weight.dim(0) && bias.dtype() == weight.dtype()),
      "field_linear: the bias must hold one {} number for each of the {} rows of W", weight.dtype(),
      weight.dim(0));
  Tensor y({v.dim(0), weight.dim(0), v.dim(2)}, v.dtype(), v.device());
  const Tensor shift = bias.defined() ? bias.value() : Tensor();
  visit_float(v.dtype(), "field_linear",
              [&](auto zero) { forward<decltype(zero)>(v.value(), weight.value(), shift, y); });
  return record("field_linear", y, {v, weight, bias},
                [vv = v.value(), w = weight.value()](const Tensor& dy, GradientSink& sink) {
                  Tensor dv, dw;
                  if (sink.needs(0)) dv = Tensor(vv.shape(), vv.dtype(), vv.device());
                  if (sink.needs(1)) dw = Tensor(w.shape(), w.dtype(), w.device());
                  visit_float(dy.dtype(), "field_linear",
                              [&](auto zero) { backward<decltype(zero)>(vv, w, dy, dv, dw); });
                  if (dv.defined()) sink.put(0, dv);
                  if (dw.defined()) sink.put(1, dw);
                  if (sink.needs(2)) sink.put(2, field_sums(dy));
                });
}

OpInfo op_field_linear() {
  return {
      .name = "field_linear",
      .formula = "y_b = W v_b + b over the field axis",
      .inputs = {"v", "w", "b?"},
      .constants = {},
      .call =
          [](const OpArguments& a) {
            return std::vector<Var>{
                field_linear(a.inputs[0], a.inputs[1], a.inputs.size() > 2 ? a.inputs[2] : Var())};
          },
      .cases = {{"odd sizes", {{5, 3, 7}, {4, 3}, {4}}},
                {"no bias", {{3, 2, 5}, {6, 2}}},
                {"one row", {{1, 2, 1}, {1, 2}, {1}}},
                {"several chunks", {{5, 2, 400}, {3, 2}, {3}}},
                {"several tiles of a chunk", {{25, 2, 193}, {1, 2}, {1}}},
                {"empty", {{0, 3, 4}, {2, 3}, {2}}}},
      .refused =
          {{"fields", {{5, 3, 7}, {4, 2}}, {}, {}, "field_linear: v f64 [5,3,7] and W f64 [4,2]"},
           {"bias",
            {{5, 3, 7}, {4, 3}, {3}},
            {},
            {},
            "field_linear: the bias must hold one f64 number for each of the 4 rows"}},
      .devices = {Device::cpu}};
}

}  // namespace ctr
