#include "engine/check.h"
#include "engine/launch.h"
#include "ops/elementwise/elementwise.h"
#include "ops/fields/pair_bodies.h"
#include "ops/fields/pairs.h"
#include "ops/registry.h"

namespace ctr {
namespace {

template <class T>
const T* data_or_null(const Tensor& tensor) {
  return tensor.defined() ? tensor.data<T>() : nullptr;
}

// dw[n, d] = Σ_b dy[b, n] v_id v_jd, over blocks of rows, then over the blocks in their order.
Tensor weight_gradient(const Tensor& v, const Tensor& dy) {
  const int64_t fields = v.dim(1), width = v.dim(2), pairs = dy.dim(1);
  constexpr int64_t kBlock = PairWeightBackward<float>::kBlock;
  const int64_t blocks = (v.dim(0) + kBlock - 1) / kBlock;
  Tensor partial({blocks, pairs * width}, v.dtype(), v.device());
  visit_float(v.dtype(), "pairwise_inner", [&](auto zero) {
    using T = decltype(zero);
    for_each(v.device(), blocks,
             PairWeightBackward<T>{v.data<T>(), dy.data<T>(), partial.data<T>(), v.dim(0), fields,
                                   width, pairs});
  });
  return column_sum(partial, pairs * width);
}

}  // namespace

Var pairwise_inner(const Var& v, const Var& w) {
  CTR_CHECK(v.rank() == 3, "pairwise_inner: v must be [batch, fields, width], got {}", v.shape());
  const int64_t fields = v.dim(1), width = v.dim(2), pairs = pair_count(fields);
  CTR_CHECK(!w.defined() ||
                (w.rank() == 2 && w.dim(0) == pairs && w.dim(1) == width && w.dtype() == v.dtype()),
            "pairwise_inner: w {} {} must be {} [pairs, width] = [{},{}] for v {}", w.dtype(),
            w.shape(), v.dtype(), pairs, width, v.shape());
  Tensor y({v.dim(0), pairs}, v.dtype(), v.device());
  const Tensor weight = w.defined() ? w.value() : Tensor();
  visit_float(v.dtype(), "pairwise_inner", [&](auto zero) {
    using T = decltype(zero);
    for_each(v.device(), v.dim(0),
             PairwiseInner<T>{v.value().data<T>(), data_or_null<T>(weight), y.data<T>(), fields,
                              width, pairs});
  });
  auto backward = [kept = v.value(), weight](const Tensor& dy, GradientSink& sink) {
    if (sink.needs(0)) {
      Tensor dv(kept.shape(), kept.dtype(), kept.device());
      visit_float(dy.dtype(), "pairwise_inner", [&](auto zero) {
        using T = decltype(zero);
        for_each_2d(dy.device(), kept.dim(0), kept.dim(1),
                    PairwiseInnerBackward<T>{kept.data<T>(), data_or_null<T>(weight), dy.data<T>(),
                                             dv.data<T>(), kept.dim(1), kept.dim(2), dy.dim(1)});
      });
      sink.put(0, dv);
    }
    if (sink.needs(1)) sink.put(1, weight_gradient(kept, dy));
  };
  return record("pairwise_inner", y, {v, w}, backward);
}

OpInfo op_pairwise_inner() {
  auto call = [](const OpArguments& a) {
    return std::vector<Var>{pairwise_inner(a.inputs[0], a.inputs.size() > 1 ? a.inputs[1] : Var())};
  };
  return {
      .name = "pairwise_inner",
      .formula = "y_n = sum_d w_nd v_id v_jd, n = (i, j), i < j",
      .inputs = {"v", "w?"},
      .constants = {},
      .call = call,
      .cases = {{"odd sizes", {{3, 5, 7}}},
                {"two fields, one row", {{1, 2, 1}}},
                {"wide", {{2, 3, 21}}},
                {"weighted", {{3, 4, 13}, {6, 13}}},
                {"weighted, two blocks of rows", {{67, 3, 2}, {3, 2}}},
                {"empty", {{0, 5, 4}}},
                {"weighted, empty", {{0, 3, 4}, {3, 4}}}},
      .refused = {
          {"rank", {{3, 5}}, {}, {}, "pairwise_inner: v must be [batch, fields, width], got [3,5]"},
          {"weights",
           {{3, 4, 2}, {5, 2}},
           {},
           {},
           "pairwise_inner: w f64 [5,2] must be f64 [pairs, width] = [6,2]"}}};
}

}  // namespace ctr
