// The pairs of one left field stand side by side, and so do their right fields: x_i times all its
// matrices is one product, [B, D] by [D, count D], and what it meets is a slice of x.

#include "engine/check.h"
#include "engine/launch.h"
#include "engine/linalg.h"
#include "ops/fields/bilinear_bodies.h"
#include "ops/fields/pair_bodies.h"
#include "ops/fields/pairs.h"
#include "ops/registry.h"

namespace ctr {
namespace {

PairStrides strides_of(PairLayout layout, int64_t pairs, int64_t width) {
  return layout == PairLayout::pair_left_right ? PairStrides{width * width, width, 1}
                                               : PairStrides{width, 1, pairs * width};
}

// What the upstream gradient and the result are: vectors of pairs, or their sums.
enum class PairResult : bool { vector, inner };

// The products of one x [B, F, D] with matrices side by side, W[left, n D + right].
template <class T>
class Bilinear {
 public:
  Bilinear(const Tensor& x, const Tensor& m, PairLayout layout)
      : x_(x),
        layout_(layout),
        rows_(x.dim(0)),
        fields_(x.dim(1)),
        width_(x.dim(2)),
        pairs_(pair_count(fields_)),
        side_by_side_({width_, pairs_ * width_}, x.dtype(), x.device()) {
    move(m.data<T>(), strides_of(layout, pairs_, width_), side_by_side_.data<T>(),
         side_by_side_strides());
  }

  // Into rows of y of `stride` elements.
  void forward(T* y, int64_t stride, PairResult result) const {
    Tensor scratch;
    if (result == PairResult::inner) scratch = scratch_like_pairs();
    for (int64_t i = 0; i + 1 < fields_; ++i) {
      const int64_t first = first_pair(i, fields_), cols = count(i) * width_;
      if (result == PairResult::vector) {
        T* out = y + first * width_;
        product(i, {out, rows_, cols, stride});
        for_each_2d(x_.device(), rows_, cols,
                    StridedMultiply<T>{out, right(i), out, stride, stride_x(), stride});
      } else {
        T* u = scratch.data<T>();
        product(i, {u, rows_, cols, cols});
        for_each_2d(x_.device(), rows_, count(i),
                    PairDots<T>{u, right(i), y + first, cols, stride_x(), stride, width_});
      }
    }
  }

  // From rows of dy of `stride` elements; dx and dm may be undefined.
  void backward(const T* dy, int64_t stride, PairResult result, Tensor& dx, Tensor& dm) const {
    Tensor t = scratch_like_pairs();  // gradients of x_i M_n
    Tensor u = dx.defined() ? scratch_like_pairs() : Tensor();
    Tensor left({rows_, width_}, x_.dtype(), x_.device());
    Tensor dw;
    if (dm.defined()) dw = Tensor(side_by_side_.shape(), x_.dtype(), x_.device());
    for (int64_t i = 0; i + 1 < fields_; ++i) {
      const int64_t first = first_pair(i, fields_), cols = count(i) * width_;
      const T* upstream = dy + first * (result == PairResult::vector ? width_ : 1);
      scale(result, upstream, stride, i, right(i), stride_x(), t.data<T>(), cols, false);
      const Matrix<const T> dt{t.data<T>(), rows_, cols, cols};
      if (dm.defined())  // dW_i = x_iᵀ dt
        gemm(x_.device(), field(i), Transpose::yes, dt, Transpose::no,
             {dw.data<T>() + first * width_, width_, cols, pairs_ * width_});
      if (!dx.defined()) continue;
      product(i, {u.data<T>(), rows_, cols, cols});
      gemm(x_.device(), dt, Transpose::no, matrices(i), Transpose::yes,
           {left.data<T>(), rows_, width_, width_});
      for_each_2d(x_.device(), rows_, width_,
                  StridedAdd<T>{left.data<T>(), dx.data<T>() + i * width_, width_, stride_x()});
      scale(result, upstream, stride, i, u.data<T>(), cols, dx.data<T>() + (i + 1) * width_,
            stride_x(), true);
    }
    if (dm.defined())
      move(dw.data<T>(), side_by_side_strides(), dm.data<T>(), strides_of(layout_, pairs_, width_));
  }

 private:
  int64_t count(int64_t i) const { return fields_ - 1 - i; }  // pairs of the left field i
  int64_t stride_x() const { return fields_ * width_; }
  const T* right(int64_t i) const { return x_.data<T>() + (i + 1) * width_; }
  PairStrides side_by_side_strides() const { return {width_, pairs_ * width_, 1}; }
  Tensor scratch_like_pairs() const {
    return Tensor({rows_, std::max<int64_t>(1, fields_ - 1) * width_}, x_.dtype(), x_.device());
  }
  Matrix<const T> field(int64_t i) const {
    return {x_.data<T>() + i * width_, rows_, width_, stride_x()};
  }
  Matrix<const T> matrices(int64_t i) const {
    return {side_by_side_.data<T>() + first_pair(i, fields_) * width_, width_, count(i) * width_,
            pairs_ * width_};
  }
  // x_i times its matrices.
  void product(int64_t i, const Matrix<T>& to) const {
    gemm(x_.device(), field(i), Transpose::no, matrices(i), Transpose::no, to);
  }
  void move(const T* from, PairStrides from_strides, T* to, PairStrides to_strides) const {
    for_each_2d(x_.device(), width_, pairs_,
                MovePairMatrices<T>{from, to, from_strides, to_strides, width_});
  }
  // y = dy ⊙ b over the pairs of the left field i, or y + dy ⊙ b.
  void scale(PairResult result, const T* dy, int64_t stride_dy, int64_t i, const T* b,
             int64_t stride_b, T* y, int64_t stride_y, bool add) const {
    const int64_t cols = count(i) * width_;
    if (result == PairResult::inner) {
      for_each_2d(x_.device(), rows_, count(i),
                  PairScale<T>{dy, b, y, stride_dy, stride_b, stride_y, width_, add});
    } else if (add) {
      for_each_2d(x_.device(), rows_, cols,
                  StridedMultiplyAdd<T>{dy, b, y, stride_dy, stride_b, stride_y});
    } else {
      for_each_2d(x_.device(), rows_, cols,
                  StridedMultiply<T>{dy, b, y, stride_dy, stride_b, stride_y});
    }
  }

  Tensor x_;
  PairLayout layout_;
  int64_t rows_, fields_, width_, pairs_;
  Tensor side_by_side_;
};

void check(const char* op, const Var& x, const Var& m, PairLayout layout) {
  CTR_CHECK(x.rank() == 3, "{}: x must be [batch, fields, width], got {}", op, x.shape());
  const int64_t pairs = pair_count(x.dim(1)), width = x.dim(2);
  const bool pair_first = layout == PairLayout::pair_left_right;
  const Shape wanted = pair_first ? Shape{pairs, width, width} : Shape{width, pairs, width};
  CTR_CHECK(m.shape() == wanted && m.dtype() == x.dtype(),
            "{}: m {} {} must be {} {} for x {}, a matrix for each pair", op, m.dtype(), m.shape(),
            x.dtype(), wanted, x.shape());
}

// One part's gradients, from rows of dy of `stride` elements; x is input `at`, m the next.
template <class T>
void put_gradients(const Tensor& x, const Tensor& m, PairLayout layout, PairResult result,
                   const T* dy, int64_t stride, int at, GradientSink& sink) {
  if (!sink.needs(at) && !sink.needs(at + 1)) return;
  Tensor dx, dm;
  if (sink.needs(at)) dx = Tensor::zeros(x.shape(), x.dtype(), x.device());
  if (sink.needs(at + 1)) dm = Tensor(m.shape(), m.dtype(), m.device());
  Bilinear<T>(x, m, layout).backward(dy, stride, result, dx, dm);
  if (dx.defined()) sink.put(at, dx);
  if (dm.defined()) sink.put(at + 1, dm);
}

}  // namespace

Var pairwise_bilinear(std::span<const PairBilinear> parts) {
  CTR_CHECK(!parts.empty(), "pairwise_bilinear: at least one part is needed");
  constexpr PairLayout kLayout = PairLayout::pair_left_right;
  std::vector<Var> inputs;
  std::vector<Tensor> kept;
  for (const auto& [x, m] : parts) {
    check("pairwise_bilinear", x, m, kLayout);
    CTR_CHECK(x.shape() == parts[0].x.shape() && x.dtype() == parts[0].x.dtype(),
              "pairwise_bilinear: x {} of all parts must have one shape, got {}",
              parts[0].x.shape(), x.shape());
    inputs.insert(inputs.end(), {x, m});
    kept.insert(kept.end(), {x.value(), m.value()});
  }
  const Var& shape = parts[0].x;
  const int64_t width = pair_count(shape.dim(1)) * shape.dim(2);  // of one part
  const int64_t stride = static_cast<int64_t>(parts.size()) * width;
  Tensor y({shape.dim(0), stride / std::max<int64_t>(1, shape.dim(2)), shape.dim(2)}, shape.dtype(),
           shape.device());
  visit_float(y.dtype(), "pairwise_bilinear", [&](auto zero) {
    using T = decltype(zero);
    for (size_t p = 0; p < parts.size(); ++p)
      Bilinear<T>(kept[2 * p], kept[2 * p + 1], kLayout)
          .forward(y.data<T>() + static_cast<int64_t>(p) * width, stride, PairResult::vector);
  });
  auto backward = [kept, width, stride](const Tensor& dy, GradientSink& sink) {
    visit_float(dy.dtype(), "pairwise_bilinear", [&](auto zero) {
      using T = decltype(zero);
      for (size_t p = 0; p < kept.size() / 2; ++p)
        put_gradients<T>(kept[2 * p], kept[2 * p + 1], kLayout, PairResult::vector,
                         dy.data<T>() + static_cast<int64_t>(p) * width, stride,
                         static_cast<int>(2 * p), sink);
    });
  };
  return record("pairwise_bilinear", y, inputs, backward);
}

Var pairwise_bilinear_inner(const Var& x, const Var& m, PairLayout layout) {
  check("pairwise_bilinear_inner", x, m, layout);
  const int64_t pairs = pair_count(x.dim(1));
  Tensor y({x.dim(0), pairs}, x.dtype(), x.device());
  visit_float(y.dtype(), "pairwise_bilinear_inner", [&](auto zero) {
    using T = decltype(zero);
    Bilinear<T>(x.value(), m.value(), layout).forward(y.data<T>(), pairs, PairResult::inner);
  });
  auto backward = [xv = x.value(), mv = m.value(), layout, pairs](const Tensor& dy,
                                                                  GradientSink& sink) {
    visit_float(dy.dtype(), "pairwise_bilinear_inner", [&](auto zero) {
      using T = decltype(zero);
      put_gradients<T>(xv, mv, layout, PairResult::inner, dy.data<T>(), pairs, 0, sink);
    });
  };
  return record("pairwise_bilinear_inner", y, {x, m}, backward);
}

OpInfo op_pairwise_bilinear() {
  auto call = [](const OpArguments& a) {
    std::vector<PairBilinear> parts;
    for (size_t p = 0; p + 1 < a.inputs.size(); p += 2)
      parts.push_back({a.inputs[p], a.inputs[p + 1]});
    return std::vector<Var>{pairwise_bilinear(parts)};
  };
  return {.name = "pairwise_bilinear",
          .formula = "y_n = (x_i M_n) * x_j, n = (i, j), i < j",
          .inputs = {"parts..."},
          .constants = {},
          .call = call,
          .cases = {{"odd sizes", {{3, 4, 5}, {6, 5, 5}}},
                    {"two fields, one row", {{1, 2, 1}, {1, 1, 1}}},
                    {"two parts", {{2, 3, 9}, {3, 9, 9}, {2, 3, 9}, {3, 9, 9}}},
                    {"empty", {{0, 3, 4}, {3, 4, 4}}}},
          .refused = {{"rank", {{3, 4}, {6, 5, 5}}, {}, {}, "pairwise_bilinear: x must be [batch"},
                      {"matrices",
                       {{3, 4, 5}, {4, 5, 5}},
                       {},
                       {},
                       "pairwise_bilinear: m f64 [4,5,5] must be f64 [6,5,5] for x [3,4,5]"},
                      {"none", {}, {}, {}, "pairwise_bilinear: at least one part is needed"}},
          .devices = {Device::cpu}};
}

OpInfo op_pairwise_bilinear_inner() {
  auto call = [](const OpArguments& a) {
    const bool right_first = a.text("layout", "pair_left_right") == "right_pair_left";
    return std::vector<Var>{pairwise_bilinear_inner(
        a.inputs[0], a.inputs[1],
        right_first ? PairLayout::right_pair_left : PairLayout::pair_left_right)};
  };
  return {
      .name = "pairwise_bilinear_inner",
      .formula = "y_n = x_i M_n x_j^T, n = (i, j), i < j",
      .inputs = {"x", "m"},
      .constants = {},
      .attributes = {"layout"},
      .call = call,
      .cases = {{"odd sizes", {{3, 4, 5}, {6, 5, 5}}},
                {"right, pair, left", {{3, 4, 5}, {5, 6, 5}}, {}, {{"layout", "right_pair_left"}}},
                {"two fields, one row", {{1, 2, 1}, {1, 1, 1}}},
                {"wide", {{2, 3, 19}, {3, 19, 19}}},
                {"empty", {{0, 3, 4}, {3, 4, 4}}}},
      .refused = {{"rank",
                   {{3, 4}, {6, 5, 5}},
                   {},
                   {},
                   "pairwise_bilinear_inner: x must be [batch, fields, width], got [3,4]"},
                  {"matrices",
                   {{3, 4, 5}, {6, 5, 5}},
                   {},
                   {{"layout", "right_pair_left"}},
                   "pairwise_bilinear_inner: m f64 [6,5,5] must be f64 [5,6,5]"}},
      .devices = {Device::cpu}};
}

}  // namespace ctr
