#include "engine/check.h"
#include "engine/launch.h"
#include "ops/elementwise/elementwise.h"
#include "ops/fields/bilinear_bodies.h"
#include "ops/fields/pairs.h"
#include "ops/registry.h"

namespace ctr {
namespace {

enum class PairResult : bool { vector, inner };

PairStrides strides_of(PairLayout layout, int64_t pairs, int64_t width) {
  return layout == PairLayout::pair_left_right ? PairStrides{width * width, width, 1}
                                               : PairStrides{width, 1, pairs * width};
}
PairStrides transposed_strides(int64_t width) { return {width * width, 1, width}; }

Tensor moved(const Tensor& m, PairStrides from, PairStrides to, const Shape& shape, int64_t pairs,
             int64_t width) {
  Tensor result(shape, m.dtype(), m.device());
  visit_float(m.dtype(), "pair matrices", [&](auto zero) {
    using T = decltype(zero);
    for_each_2d(m.device(), pairs, width,
                MovePairMatrices<T>{m.data<T>(), result.data<T>(), from, to, width});
  });
  return result;
}

// x [B, F, D] against the matrices of its pairs.
class Bilinear {
 public:
  Bilinear(const Tensor& x, const Tensor& m, PairLayout layout, PairResult result)
      : x_(x),
        given_(m.shape()),
        layout_(layout),
        result_(result),
        pairs_(pair_count(x.dim(1))),
        width_(x.dim(2)),
        by_pair_(layout == PairLayout::pair_left_right
                     ? m
                     : moved(m, strides_of(layout, pairs_, width_), by_pair_strides(),
                             {pairs_, width_, width_}, pairs_, width_)) {}

  // Into rows of y of `stride` elements.
  template <class T>
  void forward(T* y, int64_t stride) const {
    for_each(x_.device(), blocks(),
             PairwiseBilinear<T>{x_.data<T>(), by_pair_.data<T>(), y, sizes(stride)});
  }

  // From rows of dy of `stride` elements; puts the gradients of inputs `at` (x) and `at + 1` (m).
  template <class T>
  void backward(const T* dy, int64_t stride, int at, GradientSink& sink) const {
    if (!sink.needs(at) && !sink.needs(at + 1)) return;
    const int64_t weights = pairs_ * width_ * width_;
    Tensor dx, partial, transposed;
    if (sink.needs(at)) {
      dx = Tensor(x_.shape(), x_.dtype(), x_.device());
      transposed = moved(by_pair_, by_pair_strides(), transposed_strides(width_), by_pair_.shape(),
                         pairs_, width_);
    }
    if (sink.needs(at + 1)) partial = Tensor({blocks(), weights}, x_.dtype(), x_.device());
    for_each(x_.device(), blocks(),
             PairwiseBilinearBackward<T>{x_.data<T>(), by_pair_.data<T>(), pointer<T>(transposed),
                                         dy, pointer<T>(dx), pointer<T>(partial), sizes(stride)});
    if (dx.defined()) sink.put(at, dx);
    if (!partial.defined()) return;
    const Tensor dm = column_sum(partial, weights);
    sink.put(at + 1, layout_ == PairLayout::pair_left_right
                         ? dm.reshaped(given_)
                         : moved(dm, by_pair_strides(), strides_of(layout_, pairs_, width_), given_,
                                 pairs_, width_));
  }

 private:
  template <class T>
  static T* pointer(Tensor& tensor) {
    return tensor.defined() ? tensor.data<T>() : nullptr;
  }
  PairStrides by_pair_strides() const {
    return strides_of(PairLayout::pair_left_right, pairs_, width_);
  }
  int64_t blocks() const { return (x_.dim(0) + BilinearSizes::kBlock - 1) / BilinearSizes::kBlock; }
  BilinearSizes sizes(int64_t stride) const {
    return {x_.dim(0), x_.dim(1), width_, stride, result_ == PairResult::inner};
  }

  Tensor x_;
  Shape given_;  // of m
  PairLayout layout_;
  PairResult result_;
  int64_t pairs_, width_;
  Tensor by_pair_;  // [P, D, D]
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
      Bilinear(kept[2 * p], kept[2 * p + 1], kLayout, PairResult::vector)
          .forward<T>(y.data<T>() + static_cast<int64_t>(p) * width, stride);
  });
  auto backward = [kept, width, stride](const Tensor& dy, GradientSink& sink) {
    visit_float(dy.dtype(), "pairwise_bilinear", [&](auto zero) {
      using T = decltype(zero);
      for (size_t p = 0; p < kept.size() / 2; ++p)
        Bilinear(kept[2 * p], kept[2 * p + 1], kLayout, PairResult::vector)
            .backward<T>(dy.data<T>() + static_cast<int64_t>(p) * width, stride,
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
    Bilinear(x.value(), m.value(), layout, PairResult::inner).forward<T>(y.data<T>(), pairs);
  });
  auto backward = [xv = x.value(), mv = m.value(), layout, pairs](const Tensor& dy,
                                                                  GradientSink& sink) {
    visit_float(dy.dtype(), "pairwise_bilinear_inner", [&](auto zero) {
      using T = decltype(zero);
      Bilinear(xv, mv, layout, PairResult::inner).backward<T>(dy.data<T>(), pairs, 0, sink);
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
                    {"two parts", {{2, 3, 21}, {3, 21, 21}, {2, 3, 21}, {3, 21, 21}}},
                    {"two blocks of rows", {{134, 3, 2}, {3, 2, 2}}},
                    {"empty", {{0, 3, 4}, {3, 4, 4}}}},
          .refused = {{"rank", {{3, 4}, {6, 5, 5}}, {}, {}, "pairwise_bilinear: x must be [batch"},
                      {"matrices",
                       {{3, 4, 5}, {4, 5, 5}},
                       {},
                       {},
                       "pairwise_bilinear: m f64 [4,5,5] must be f64 [6,5,5] for x [3,4,5]"},
                      {"none", {}, {}, {}, "pairwise_bilinear: at least one part is needed"}}};
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
