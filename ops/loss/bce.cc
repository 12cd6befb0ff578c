#include "engine/check.h"
#include "engine/launch.h"
#include "ops/loss/bce_bodies.h"
#include "ops/loss/labels.h"
#include "ops/loss/loss.h"
#include "ops/registry.h"

namespace ctr {

Var bce_with_logits(const Var& x, const Tensor& label) {
  const int64_t n = x.value().count();
  CTR_CHECK(label.count() == n && n > 0,
            "bce_with_logits: {} labels for logits {}; each needs one, and there must be one",
            label.count(), x.shape());
  CTR_CHECK(label.dtype() == x.dtype(), "bce_with_logits: labels are {}, logits {}", label.dtype(),
            x.dtype());
  Tensor loss({1}, x.dtype(), x.device());
  visit_float(x.dtype(), "bce_with_logits", [&](auto zero) {
    using T = decltype(zero);
    check_labels<T>("bce_with_logits", label);
    reduce_rows(
        x.device(), 1, n,
        BceForward<T>{x.value().data<T>(), label.data<T>(), loss.data<T>(), static_cast<T>(n)});
  });
  return record("bce_with_logits", loss, {x},
                [kept = x.value(), label, n](const Tensor& dy, GradientSink& sink) {
                  if (!sink.needs(0)) return;
                  Tensor dx(kept.shape(), kept.dtype(), kept.device());
                  visit_float(kept.dtype(), "bce_with_logits", [&](auto zero) {
                    using T = decltype(zero);
                    for_each(kept.device(), n,
                             BceBackward<T>{kept.data<T>(), label.data<T>(), dy.data<T>(),
                                            dx.data<T>(), static_cast<T>(n)});
                  });
                  sink.put(0, dx);
                });
}

OpInfo op_bce_with_logits() {
  auto labels = [](std::vector<double> values) {
    return Tensor::from(Shape{static_cast<int64_t>(values.size())}, values);
  };
  auto call = [](const OpArguments& a) {
    return std::vector<Var>{bce_with_logits(a.inputs[0], a.constants[0].cast(a.inputs[0].dtype()))};
  };
  return {.name = "bce_with_logits",
          .formula = "y = mean(log(1 + e^x) - x t)",
          .inputs = {"x"},
          .constants = {"label"},
          .call = call,
          .cases = {{"one row", {{1}}, {labels({1})}},
                    {"hard and soft labels", {{5, 1}}, {labels({0, 1, 1, 0.25, 0})}}},
          .refused =
              {{"count", {{3}}, {labels({0, 1})}, {}, "bce_with_logits: 2 labels for logits [3]"},
               {"range",
                {{2}},
                {labels({0, 2})},
                {},
                "bce_with_logits: label 2 of row 1 is outside [0, 1]"},
               {"empty", {{0}}, {labels({})}, {}, "bce_with_logits: 0 labels for logits [0]"}},
          .golden = {{"bce_with_logits_mean", {}, {{"ids", "label"}}}}};
}

}  // namespace ctr
