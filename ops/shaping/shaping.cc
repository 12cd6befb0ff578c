#include "ops/shaping/shaping.h"

#include <cstring>
#include <numeric>

#include "engine/check.h"
#include "engine/parallel.h"
#include "ops/registry.h"

namespace ctr {
namespace {

int positive_axis(const char* op, const Shape& shape, int axis) {
  int result = axis < 0 ? axis + shape.rank() : axis;
  CTR_CHECK(result >= 0 && result < shape.rank(), "{}: there is no axis {} in {}", op, axis, shape);
  return result;
}

Shape with_axis(const Shape& shape, int axis, int64_t size) {
  int64_t dims[Shape::kMaxRank] = {};
  for (int i = 0; i < shape.rank(); ++i) dims[i] = i == axis ? size : shape[i];
  return Shape(std::span<const int64_t>(dims, static_cast<size_t>(shape.rank())));
}

// Copies between a whole of `width` elements per outer row and a part at `offset`.
void copy_part(Tensor& whole, int64_t width, const Tensor& part, int64_t part_width, int64_t offset,
               int64_t rows, bool into_whole) {
  const auto size = static_cast<int64_t>(size_of(part.dtype()));
  char* all = static_cast<char*>(whole.raw());
  char* piece = static_cast<char*>(const_cast<void*>(part.raw()));
  parallel_rows(rows, part_width, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      char* a = all + (row * width + offset) * size;
      char* b = piece + row * part_width * size;
      std::memcpy(into_whole ? a : b, into_whole ? b : a, static_cast<size_t>(part_width * size));
    }
  });
}

Tensor join(std::span<const Tensor> parts, int axis) {
  const Shape& first = parts[0].shape();
  int64_t length = 0;
  for (const Tensor& part : parts) length += part.dim(axis);
  Tensor whole(with_axis(first, axis, length), parts[0].dtype(), parts[0].device());
  const int64_t rows = first.count(0, axis);
  const int64_t inner = first.count(axis + 1, first.rank());
  int64_t offset = 0;
  for (const Tensor& part : parts) {
    int64_t width = part.dim(axis) * inner;
    copy_part(whole, length * inner, part, width, offset, rows, true);
    offset += width;
  }
  return whole;
}

// Parts that are not `wanted` stay undefined.
template <class Wanted>
std::vector<Tensor> cut(const Tensor& whole, std::span<const int64_t> sizes, int axis,
                        const Wanted& wanted) {
  const int64_t rows = whole.shape().count(0, axis);
  const int64_t inner = whole.shape().count(axis + 1, whole.rank());
  std::vector<Tensor> parts;
  int64_t offset = 0;
  for (int64_t size : sizes) {
    Tensor& part = parts.emplace_back();
    if (wanted(static_cast<int>(parts.size()) - 1)) {
      part = Tensor(with_axis(whole.shape(), axis, size), whole.dtype(), whole.device());
      Tensor shared = whole;
      copy_part(shared, whole.dim(axis) * inner, part, size * inner, offset, rows, false);
    }
    offset += size * inner;
  }
  return parts;
}

Tensor swapped(const Tensor& x) {
  const int64_t b = x.dim(1), c = x.dim(2),
                width = x.dim(3) * static_cast<int64_t>(size_of(x.dtype()));
  Tensor y({x.dim(0), c, b, x.dim(3)}, x.dtype(), x.device());
  const char* from = static_cast<const char*>(x.raw());
  char* to = static_cast<char*>(y.raw());
  parallel_rows(x.dim(0), b * c * x.dim(3), [&](int64_t begin, int64_t end) {
    for (int64_t a = begin; a < end; ++a) {
      for (int64_t i = 0; i < b * c; ++i) {  // place (i / b, i mod b) of y
        std::memcpy(to + (a * b * c + i) * width, from + (a * b * c + i % b * c + i / b) * width,
                    static_cast<size_t>(width));
      }
    }
  });
  return y;
}

}  // namespace

Var concat(std::span<const Var> parts, int axis) {
  CTR_CHECK(!parts.empty(), "concat: at least one part is needed");
  axis = positive_axis("concat", parts[0].shape(), axis);
  std::vector<Tensor> values;
  std::vector<int64_t> sizes;
  for (const Var& part : parts) {
    bool fits = part.rank() == parts[0].rank() && part.dtype() == parts[0].dtype();
    for (int i = 0; fits && i < part.rank(); ++i)
      fits = i == axis || part.dim(i) == parts[0].dim(i);
    CTR_CHECK(fits, "concat: {} {} does not fit {} {} along axis {}", part.dtype(), part.shape(),
              parts[0].dtype(), parts[0].shape(), axis);
    values.push_back(part.value());
    sizes.push_back(part.dim(axis));
  }
  if (parts.size() == 1) return parts[0];
  RowLayout layout;
  if (axis == 1) {
    for (const Var& part : parts) layout.widths.push_back(part.shape().count(1, part.rank()));
  }
  return record(
      "concat", join(values, axis), parts,
      [sizes, axis](const Tensor& dy, GradientSink& sink) {
        std::vector<Tensor> pieces = cut(dy, sizes, axis, [&](int i) { return sink.needs(i); });
        for (int i = 0; i < static_cast<int>(pieces.size()); ++i) {
          if (sink.needs(i)) sink.put(i, pieces[static_cast<size_t>(i)]);
        }
      },
      layout);
}

std::vector<Var> split(const Var& x, std::span<const int64_t> sizes, int axis) {
  axis = positive_axis("split", x.shape(), axis);
  int64_t sum = std::accumulate(sizes.begin(), sizes.end(), int64_t{0});
  CTR_CHECK(sum == x.dim(axis), "split: the sizes sum up to {}, axis {} of {} is {}", sum, axis,
            x.shape(), x.dim(axis));
  std::vector<Tensor> parts = cut(x.value(), sizes, axis, [](int) { return true; });
  std::vector<Shape> shapes;
  for (const Tensor& part : parts) shapes.push_back(part.shape());
  return record_many(
      "split", parts, std::span<const Var>(&x, 1),
      [shapes, axis](std::span<const Tensor> dys, GradientSink& sink) {
        DType dtype = DType::f32;
        for (const Tensor& dy : dys) dtype = dy.defined() ? dy.dtype() : dtype;
        std::vector<Tensor> pieces;
        for (size_t i = 0; i < shapes.size(); ++i) {
          pieces.push_back(dys[i].defined() ? dys[i] : Tensor::zeros(shapes[i], dtype));
        }
        sink.put(0, join(pieces, axis));
      });
}

Var tail(const Var& x, int64_t count, int axis) {
  axis = positive_axis("tail", x.shape(), axis);
  CTR_CHECK(count >= 0 && count <= x.dim(axis), "tail: axis {} of {} has no {} places", axis,
            x.shape(), count);
  if (count == x.dim(axis)) return x;
  const int64_t sizes[] = {x.dim(axis) - count, count};
  const Shape before = with_axis(x.shape(), axis, sizes[0]);
  return record("tail", cut(x.value(), sizes, axis, [](int i) { return i == 1; })[1], {x},
                [before, axis](const Tensor& dy, GradientSink& sink) {
                  const Tensor parts[] = {Tensor::zeros(before, dy.dtype()), dy};
                  sink.put(0, join(parts, axis));
                });
}

Var swap_middle(const Var& x) {
  CTR_CHECK(x.rank() == 4, "swap_middle: x must have four axes, got {}", x.shape());
  return record("swap_middle", swapped(x.value()), {x},
                [](const Tensor& dy, GradientSink& sink) { sink.put(0, swapped(dy)); });
}

Var reshape(const Var& x, const Shape& shape) {
  const bool same = x.rank() > 0 && shape.rank() > 0 && x.dim(0) == shape[0] &&
                    x.shape().count(1, x.rank()) == shape.count(1, shape.rank());
  return record("reshape", x.value().reshaped(shape), {x},
                [](const Tensor& dy, GradientSink& sink) { sink.put(0, dy); }, {same, {}});
}

Var flatten(const Var& x) { return reshape(x, {x.dim(0), x.shape().count(1, x.rank())}); }

namespace {

Shape shape_from(const std::string& text) {
  std::vector<int64_t> dims;
  size_t at = 0;
  while (at < text.size()) {
    size_t used = 0;
    dims.push_back(std::stoll(text.substr(at), &used));
    at += used + 1;
  }
  return Shape(dims);
}

int axis_of(const OpArguments& a) { return static_cast<int>(a.number("axis", -1)); }

}  // namespace

OpInfo op_concat() {
  return {
      .name = "concat",
      .formula = "y = [a, b, c] along an axis",
      .inputs = {"parts..."},
      .constants = {},
      .attributes = {"axis"},
      .call = [](const OpArguments& a) { return std::vector<Var>{concat(a.inputs, axis_of(a))}; },
      .cases = {{"last axis", {{3, 2}, {3, 5}, {3, 1}}},
                {"middle axis", {{2, 3, 4}, {2, 1, 4}}, {}, {{"axis", "1"}}},
                {"first axis", {{2, 3}, {4, 3}}, {}, {{"axis", "0"}}},
                {"one part", {{2, 3}}},
                {"empty", {{0, 2}, {0, 3}}}},
      .refused = {{"rows differ",
                   {{3, 2}, {4, 2}},
                   {},
                   {},
                   "concat: f64 [4,2] does not fit f64 [3,2] along axis 1"},
                  {"no such axis", {{3, 2}}, {}, {{"axis", "2"}}, "concat: there is no axis 2"}}};
}

OpInfo op_split() {
  auto call = [](const OpArguments& a) {
    std::vector<int64_t> sizes{static_cast<int64_t>(a.number("first", 1)),
                               static_cast<int64_t>(a.number("second", 1))};
    return split(a.inputs[0], sizes, axis_of(a));
  };
  return {
      .name = "split",
      .formula = "[a, b] = x along an axis",
      .inputs = {"x"},
      .constants = {},
      .attributes = {"axis", "first", "second"},
      .call = call,
      .cases = {{"last axis", {{3, 5}}, {}, {{"first", "2"}, {"second", "3"}}},
                {"middle axis", {{2, 3, 2}}, {}, {{"first", "1"}, {"second", "2"}, {"axis", "1"}}},
                {"empty", {{0, 2}}}},
      .refused = {{"sum", {{3, 5}}, {}, {}, "split: the sizes sum up to 2, axis 1 of [3,5] is 5"}}};
}

OpInfo op_tail() {
  return {
      .name = "tail",
      .formula = "y = the last of x along an axis",
      .inputs = {"x"},
      .constants = {},
      .attributes = {"axis", "count"},
      .call =
          [](const OpArguments& a) {
            return std::vector<Var>{
                tail(a.inputs[0], static_cast<int64_t>(a.number("count", 1)), axis_of(a))};
          },
      .cases = {{"places", {{2, 5, 3}}, {}, {{"axis", "1"}, {"count", "2"}}},
                {"last axis", {{3, 4}}, {}, {{"count", "3"}}},
                {"all", {{3, 4}}, {}, {{"count", "4"}}},
                {"empty", {{0, 2}}}},
      .refused = {
          {"too many", {{3, 4}}, {}, {{"count", "5"}}, "tail: axis 1 of [3,4] has no 5 places"}}};
}

OpInfo op_swap_middle() {
  return {.name = "swap_middle",
          .formula = "y[a, c, b, d] = x[a, b, c, d]",
          .inputs = {"x"},
          .constants = {},
          .call = [](const OpArguments& a) { return std::vector<Var>{swap_middle(a.inputs[0])}; },
          .cases = {{"odd sizes", {{2, 3, 4, 5}}},
                    {"one row", {{1, 2, 3, 1}}},
                    {"empty", {{0, 2, 3, 4}}}},
          .refused = {{"rank", {{2, 3}}, {}, {}, "swap_middle: x must have four axes, got [2,3]"}}};
}

OpInfo op_reshape() {
  return {
      .name = "reshape",
      .formula = "y = x under another shape",
      .inputs = {"x"},
      .constants = {},
      .attributes = {"shape"},
      .call =
          [](const OpArguments& a) {
            return std::vector<Var>{reshape(a.inputs[0], shape_from(a.text("shape", "1")))};
          },
      .cases = {{"flatten", {{3, 2, 2}}, {}, {{"shape", "3,4"}}},
                {"empty", {{0, 4}}, {}, {{"shape", "0,2,2"}}}},
      .refused = {
          {"count", {{3, 2}}, {}, {{"shape", "5"}}, "reshape: [3,2] has 6 elements, [5] needs 5"}}};
}

}  // namespace ctr
