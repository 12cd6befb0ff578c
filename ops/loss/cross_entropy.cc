#include "engine/check.h"
#include "engine/launch.h"
#include "ops/loss/cross_entropy_bodies.h"
#include "ops/loss/loss.h"
#include "ops/registry.h"
#include "ops/softmax/softmax.h"

namespace ctr {
namespace {

// How many rows count.
int64_t check_targets(const Tensor& target, int64_t classes, int64_t ignored) {
  int64_t count = 0;
  const int64_t* data = target.data<int64_t>();
  for (int64_t i = 0; i < target.count(); ++i) {
    if (data[i] == ignored) continue;
    CTR_CHECK_DATA(data[i] >= 0 && data[i] < classes,
                   "softmax_cross_entropy: target {} of row {} is outside [0, {})", data[i], i,
                   classes);
    ++count;
  }
  CTR_CHECK(count > 0, "softmax_cross_entropy: none of the {} rows counts", target.count());
  return count;
}

}  // namespace

Var softmax_cross_entropy(const Var& x, const Tensor& target, int64_t ignored) {
  CTR_CHECK(x.rank() == 2 && target.count() == x.dim(0),
            "softmax_cross_entropy: x {} must be [rows, classes] with a target for each row, got "
            "{} targets",
            x.shape(), target.count());
  const int64_t rows = x.dim(0), cols = x.dim(1);
  const int64_t count = check_targets(target, cols, ignored);
  Tensor log_probability;
  {
    NoGradient off;
    log_probability = log_softmax(Var(x.value())).value();
  }
  Tensor loss({1}, x.dtype(), x.device());
  visit_float(x.dtype(), "softmax_cross_entropy", [&](auto zero) {
    using T = decltype(zero);
    reduce_rows(x.device(), 1, rows,
                PickedSum<T>{log_probability.data<T>(), target.data<int64_t>(), loss.data<T>(),
                             cols, ignored, static_cast<T>(count)});
  });
  auto backward = [log_probability, target, rows, cols, ignored, count](const Tensor& dy,
                                                                        GradientSink& sink) {
    Tensor dx(log_probability.shape(), dy.dtype(), dy.device());
    visit_float(dy.dtype(), "softmax_cross_entropy", [&](auto zero) {
      using T = decltype(zero);
      for_each_2d(
          dy.device(), rows, cols,
          CrossEntropyBackward<T>{log_probability.data<T>(), target.data<int64_t>(), dy.data<T>(),
                                  dx.data<T>(), cols, ignored, static_cast<T>(count)});
    });
    sink.put(0, dx);
  };
  return record("softmax_cross_entropy", loss, {x}, backward);
}

OpInfo op_softmax_cross_entropy() {
  auto targets = [](std::vector<int64_t> values) {
    return Tensor::from(Shape{static_cast<int64_t>(values.size())}, values);
  };
  auto call = [](const OpArguments& a) {
    return std::vector<Var>{softmax_cross_entropy(
        a.inputs[0], a.constants[0], static_cast<int64_t>(a.number("ignored", kNoIgnored)))};
  };
  return {
      .name = "softmax_cross_entropy",
      .formula = "y = mean of -log softmax(x)[target]",
      .inputs = {"x"},
      .constants = {"target"},
      .attributes = {"ignored"},
      .call = call,
      .cases = {{"odd sizes", {{5, 7}}, {targets({0, 6, 3, 3, 1})}},
                {"ignored rows", {{4, 3}}, {targets({0, 2, 0, 1})}, {{"ignored", "0"}}},
                {"one row", {{1, 2}}, {targets({1})}}},
      .refused = {{"range",
                   {{2, 3}},
                   {targets({0, 3})},
                   {},
                   "softmax_cross_entropy: target 3 of row 1 is outside [0, 3)"},
                  {"count", {{2, 3}}, {targets({0})}, {}, "softmax_cross_entropy: x [2,3] must"},
                  {"none",
                   {{2, 3}},
                   {targets({0, 0})},
                   {{"ignored", "0"}},
                   "softmax_cross_entropy: none of the 2 rows counts"},
                  {"empty", {{0, 3}}, {targets({})}, {}, "softmax_cross_entropy: none of the 0"}},
      .golden = {
          {"softmax_cross_entropy_mean", {}, {{"ids", "target"}, {"ignore_index", "ignored"}}}}};
}

}  // namespace ctr
