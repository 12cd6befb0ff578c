#include "engine/check.h"
#include "engine/launch.h"
#include "ops/registry.h"
#include "ops/sequence/sequence.h"
#include "ops/sequence/sequence_bodies.h"

namespace ctr {

Var target_features(const Var& q, const Var& k) {
  CTR_CHECK(q.rank() == 2 && k.rank() == 3 && q.dim(0) == k.dim(0) && q.dim(1) == k.dim(2) &&
                q.dtype() == k.dtype(),
            "target_features: q {} {} and k {} {} must be [B, E] and [B, T, E]", q.dtype(),
            q.shape(), k.dtype(), k.shape());
  const int64_t rows = k.dim(0), length = k.dim(1), width = k.dim(2);
  Tensor y({rows * length, 4 * width}, k.dtype(), k.device());
  visit_float(k.dtype(), "target_features", [&](auto zero) {
    using T = decltype(zero);
    for_each_2d(
        k.device(), rows * length, width,
        TargetFeatures<T>{q.value().data<T>(), k.value().data<T>(), y.data<T>(), length, width});
  });
  auto backward = [=, qv = q.value(), kv = k.value()](const Tensor& dy, GradientSink& sink) {
    visit_float(dy.dtype(), "target_features", [&](auto zero) {
      using T = decltype(zero);
      if (sink.needs(0)) {
        Tensor dq(qv.shape(), dy.dtype(), dy.device());
        for_each_2d(
            dy.device(), rows, width,
            TargetFeaturesTarget<T>{kv.data<T>(), dy.data<T>(), dq.data<T>(), length, width});
        sink.put(0, dq);
      }
      if (sink.needs(1)) {
        Tensor dk(kv.shape(), dy.dtype(), dy.device());
        for_each_2d(dy.device(), rows * length, width,
                    TargetFeaturesKeys<T>{qv.data<T>(), dy.data<T>(), dk.data<T>(), length, width});
        sink.put(1, dk);
      }
    });
  };
  return record("target_features", y, {q, k}, backward);
}

OpInfo op_target_features() {
  return {.name = "target_features",
          .formula = "y[b, t] = [q_b, k_bt, q_b - k_bt, q_b * k_bt]",
          .inputs = {"q", "k"},
          .constants = {},
          .call =
              [](const OpArguments& a) {
                return std::vector<Var>{target_features(a.inputs[0], a.inputs[1])};
              },
          .cases = {{"odd sizes", {{3, 5}, {3, 7, 5}}},
                    {"one place", {{2, 3}, {2, 1, 3}}},
                    {"one row", {{1, 1}, {1, 2, 1}}},
                    {"empty", {{0, 3}, {0, 2, 3}}}},
          .refused = {{"widths",
                       {{3, 4}, {3, 7, 5}},
                       {},
                       {},
                       "target_features: q f64 [3,4] and k f64 [3,7,5] must be"}}};
}

}  // namespace ctr
