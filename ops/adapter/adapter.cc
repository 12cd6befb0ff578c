#include "ops/adapter/adapter.h"

#include <algorithm>

#include "engine/check.h"
#include "engine/packed_factor.h"
#include "engine/parallel.h"
#include "engine/profile.h"
#include "engine/small_gemm.h"
#include "ops/activation/activation_bodies.h"
#include "ops/registry.h"

namespace ctr {
namespace {

// Rows of a block; what each adds to the weights' gradients is a sum of its own.
constexpr int64_t kBlock = 256;

struct Sizes {
  int64_t rows, width, inner;  // N, D, k
  int64_t blocks() const { return (rows + kBlock - 1) / kBlock; }
  Product down() const { return {rows, inner, width, 1, false, true}; }

  // Calls f(first row, rows, block).
  template <class F>
  void each_block(const F& f) const {
    parallel_rows(blocks(), kBlock * width * inner, [&](int64_t begin, int64_t end) {
      for (int64_t block = begin; block < end; ++block) {
        const int64_t first = block * kBlock;
        f(first, std::min(kBlock, rows - first), block);
      }
    });
  }
};

template <class T>
Matrix<const T> rows_of(const Tensor& x, int64_t first, int64_t count, int64_t width) {
  return {x.data<T>() + first * width, count, width, width};
}

template <class T>
Matrix<T> room_in(Tensor& x, int64_t first, int64_t count, int64_t width) {
  return {x.data<T>() + first * width, count, width, width};
}

// What the backward pass reads again: W_down x + b_down and its gelu, [N, k] each.
struct Inner {
  Tensor before, after;
};

template <class T>
void forward(const Sizes& n, const Tensor& x, const AdapterWeights& w, bool skip, Inner& inner,
             Tensor& y) {
  const PackedFactor down(rows_of<T>(w.down_weight.value(), 0, n.inner, n.width), Transpose::yes);
  const PackedFactor up(rows_of<T>(w.up_weight.value(), 0, n.width, n.inner), Transpose::yes);
  const T* down_bias = w.down_bias.value().data<T>();
  const T* up_bias = w.up_bias.value().data<T>();
  n.each_block([&](int64_t first, int64_t count, int64_t) {
    down.multiply(rows_of<T>(x, first, count, n.width), down_bias,
                  room_in<T>(inner.before, first, count, n.inner));
    const T* a = inner.before.data<T>() + first * n.inner;
    T* g = inner.after.data<T>() + first * n.inner;
#pragma omp simd
    for (int64_t i = 0; i < count * n.inner; ++i) g[i] = GeluTanhCurve::value(a[i]);
    up.multiply(rows_of<T>(inner.after, first, count, n.inner), up_bias,
                room_in<T>(y, first, count, n.width));
    if (!skip) return;
    const T* from = x.data<T>() + first * n.width;
    T* to = y.data<T>() + first * n.width;
#pragma omp simd
    for (int64_t i = 0; i < count * n.width; ++i) to[i] += from[i];
  });
}

// Where the gradients of the weights begin in what a block adds up: W_down [k, D], W_upᵀ [k, D],
// b_down [k], b_up [D].
struct Offsets {
  int64_t up, down_bias, up_bias, size;
  explicit Offsets(const Sizes& n)
      : up(n.inner * n.width),
        down_bias(2 * up),
        up_bias(down_bias + n.inner),
        size(up_bias + n.width) {}
};

template <class T>
void add_rows(const Matrix<const T>& x, T* sum) {
  for (int64_t r = 0; r < x.rows; ++r) small::add_scaled(T(1), x.data + r * x.stride, sum, x.cols);
}

// dx where it is defined; and of each block what it adds to the weights, [blocks, Offsets::size],
// where that is defined.
template <class T>
void backward(const Sizes& n, const Tensor& x, const AdapterWeights& w, bool skip,
              const Inner& inner, const Tensor& dy, Tensor dx, Tensor sums) {
  const PackedFactor up(rows_of<T>(w.up_weight.value(), 0, n.width, n.inner), Transpose::no);
  const PackedFactor down(rows_of<T>(w.down_weight.value(), 0, n.inner, n.width), Transpose::no);
  const Tensor none = Tensor::zeros({std::max(n.width, n.inner)}, dy.dtype());
  const T* zeros = none.data<T>();
  Tensor slope({n.rows, n.inner}, dy.dtype());  // d loss / d (W_down x + b_down)
  const Offsets at(n);
  n.each_block([&](int64_t first, int64_t count, int64_t block) {
    const Matrix<const T> upstream = rows_of<T>(dy, first, count, n.width);
    up.multiply(upstream, zeros, room_in<T>(slope, first, count, n.inner));
    const T* a = inner.before.data<T>() + first * n.inner;
    T* da = slope.data<T>() + first * n.inner;
#pragma omp simd
    for (int64_t i = 0; i < count * n.inner; ++i) da[i] = GeluTanhCurve::backward(a[i], da[i]);
    const Matrix<const T> own{da, count, n.inner, n.inner};
    if (dx.defined()) {
      const Matrix<T> to = room_in<T>(dx, first, count, n.width);
      down.multiply(own, zeros, to);
      if (skip) small::add_scaled(T(1), upstream.data, to.data, count * n.width);
    }
    if (!sums.defined()) return;
    T* sum = sums.data<T>() + block * at.size;
    small::gemm(own, Transpose::yes, rows_of<T>(x, first, count, n.width), Transpose::no,
                Matrix<T>{sum, n.inner, n.width, n.width});
    small::gemm(rows_of<T>(inner.after, first, count, n.inner), Transpose::yes, upstream,
                Transpose::no, Matrix<T>{sum + at.up, n.inner, n.width, n.width});
    std::fill_n(sum + at.down_bias, n.inner + n.width, T(0));
    add_rows(own, sum + at.down_bias);
    add_rows(upstream, sum + at.up_bias);
  });
}

// The blocks' sums added up in their order, put where they belong.
template <class T>
void put_weights(const Sizes& n, const Tensor& sums, GradientSink& sink) {
  const Offsets at(n);
  Tensor all = Tensor::zeros({at.size}, sums.dtype());
  T* sum = all.data<T>();
  for (int64_t block = 0; block < n.blocks(); ++block)
    small::add_scaled(T(1), sums.data<T>() + block * at.size, sum, at.size);
  auto part = [&](int input, const Shape& shape, int64_t begin) {
    if (!sink.needs(input)) return;
    Tensor result(shape, sums.dtype());
    std::copy_n(sum + begin, result.count(), result.data<T>());
    sink.put(input, result);
  };
  part(1, {n.inner, n.width}, 0);
  part(2, {n.inner}, at.down_bias);
  part(4, {n.width}, at.up_bias);
  if (!sink.needs(3)) return;
  Tensor up({n.width, n.inner}, sums.dtype());
  for (int64_t k = 0; k < n.inner; ++k)
    for (int64_t d = 0; d < n.width; ++d)
      up.data<T>()[d * n.inner + k] = sum[at.up + k * n.width + d];
  sink.put(3, up);
}

Sizes checked(const Var& x, const AdapterWeights& w) {
  CTR_CHECK(x.rank() >= 1 && x.dim(-1) > 0 && w.down_weight.rank() == 2 &&
                w.down_weight.dim(1) == x.dim(-1) && w.down_weight.dtype() == x.dtype(),
            "adapter: W_down {} {} must be [k, D] for x {} {}", w.down_weight.dtype(),
            w.down_weight.shape(), x.dtype(), x.shape());
  const Sizes n{x.value().count() / x.dim(-1), x.dim(-1), w.down_weight.dim(0)};
  CTR_CHECK(n.inner > 0 && w.up_weight.shape() == Shape({n.width, n.inner}) &&
                w.up_weight.dtype() == x.dtype(),
            "adapter: W_up {} {} must be [{}, {}]", w.up_weight.dtype(), w.up_weight.shape(),
            n.width, n.inner);
  CTR_CHECK(w.down_bias.value().count() == n.inner && w.up_bias.value().count() == n.width &&
                w.down_bias.dtype() == x.dtype() && w.up_bias.dtype() == x.dtype(),
            "adapter: b_down {} and b_up {} must hold {} and {} numbers", w.down_bias.shape(),
            w.up_bias.shape(), n.inner, n.width);
  return n;
}

}  // namespace

Var adapter(const Var& x, const AdapterWeights& weights, bool skip) {
  const Sizes n = checked(x, weights);
  Inner inner{Tensor({n.rows, n.inner}, x.dtype()), Tensor({n.rows, n.inner}, x.dtype())};
  Tensor y(x.shape(), x.dtype());
  {
    Product both = n.down();
    both.repeats = 2;
    const MeasuredProduct measured(both);
    visit_float(x.dtype(), "adapter",
                [&](auto zero) { forward<decltype(zero)>(n, x.value(), weights, skip, inner, y); });
  }
  auto back = [n, xv = x.value(), weights, skip, inner](const Tensor& dy, GradientSink& sink) {
    const bool trains = sink.needs(1) || sink.needs(2) || sink.needs(3) || sink.needs(4);
    Tensor dx, sums;
    if (sink.needs(0)) dx = Tensor(xv.shape(), dy.dtype());
    if (trains) sums = Tensor({n.blocks(), Offsets(n).size}, dy.dtype());
    Product all = n.down();
    all.repeats = 1 + (sink.needs(0) ? 1 : 0) + (trains ? 2 : 0);
    visit_float(dy.dtype(), "adapter", [&](auto zero) {
      using T = decltype(zero);
      {
        const MeasuredProduct measured(all);
        backward<T>(n, xv, weights, skip, inner, dy, dx, sums);
      }
      if (trains) put_weights<T>(n, sums, sink);
    });
    if (sink.needs(0)) sink.put(0, dx);
  };
  return record("adapter", y,
                {x, weights.down_weight, weights.down_bias, weights.up_weight, weights.up_bias},
                back);
}

OpInfo op_adapter() {
  auto call = [](const OpArguments& a) {
    const AdapterWeights weights{a.inputs[1], a.inputs[2], a.inputs[3], a.inputs[4]};
    return std::vector<Var>{adapter(a.inputs[0], weights, a.text("skip", "true") == "true")};
  };
  return {.name = "adapter",
          .formula = "y = x + W_up gelu(W_down x + b_down) + b_up, gelu by tanh",
          .inputs = {"x", "down", "down_bias", "up", "up_bias"},
          .constants = {},
          .attributes = {"skip"},
          .call = call,
          .cases = {{"odd sizes", {{5, 7}, {3, 7}, {3}, {7, 3}, {7}}},
                    {"no skip", {{5, 7}, {3, 7}, {3}, {7, 3}, {7}}, {}, {{"skip", "false"}}},
                    {"places", {{2, 3, 6}, {5, 6}, {5}, {6, 5}, {6}}},
                    {"one inside", {{4, 18}, {1, 18}, {1}, {18, 1}, {18}}},
                    {"blocks of rows", {{259, 4}, {2, 4}, {2}, {4, 2}, {4}}},
                    {"empty", {{0, 4}, {2, 4}, {2}, {4, 2}, {4}}}},
          .refused = {{"width",
                       {{5, 7}, {3, 6}, {3}, {7, 3}, {7}},
                       {},
                       {},
                       "adapter: W_down f64 [3,6] must be [k, D] for x f64 [5,7]"},
                      {"up",
                       {{5, 7}, {3, 7}, {3}, {3, 7}, {7}},
                       {},
                       {},
                       "adapter: W_up f64 [3,7] must be [7, 3]"},
                      {"bias",
                       {{5, 7}, {3, 7}, {7}, {7, 3}, {7}},
                       {},
                       {},
                       "adapter: b_down [7] and b_up [7] must hold 3 and 7 numbers"}},
          .devices = {Device::cpu}};
}

}  // namespace ctr
