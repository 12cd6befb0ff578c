#include "engine/check.h"
#include "engine/launch.h"
#include "ops/loss/labels.h"
#include "ops/loss/loss.h"
#include "ops/loss/product_bce_bodies.h"
#include "ops/registry.h"

namespace ctr {

Var bce_of_product(const Var& a, const Var& b, const Tensor& label) {
  const int64_t n = a.value().count();
  CTR_CHECK(b.value().count() == n && label.count() == n && n > 0,
            "bce_of_product: {} labels for logits {} and {}; each pair needs one, and there must "
            "be one",
            label.count(), a.shape(), b.shape());
  CTR_CHECK(label.dtype() == a.dtype() && b.dtype() == a.dtype(),
            "bce_of_product: labels are {}, logits {} and {}", label.dtype(), a.dtype(), b.dtype());
  Tensor loss({1}, a.dtype(), a.device());
  visit_float(a.dtype(), "bce_of_product", [&](auto zero) {
    using T = decltype(zero);
    check_labels<T>("bce_of_product", label);
    reduce_rows(a.device(), 1, n,
                ProductBceForward<T>{a.value().data<T>(), b.value().data<T>(), label.data<T>(),
                                     loss.data<T>(), static_cast<T>(n)});
  });
  auto backward = [av = a.value(), bv = b.value(), label, n](const Tensor& dy, GradientSink& sink) {
    Tensor da(av.shape(), av.dtype(), av.device()), db(bv.shape(), bv.dtype(), bv.device());
    visit_float(av.dtype(), "bce_of_product", [&](auto zero) {
      using T = decltype(zero);
      for_each(av.device(), n,
               ProductBceBackward<T>{av.data<T>(), bv.data<T>(), label.data<T>(), dy.data<T>(),
                                     da.data<T>(), db.data<T>(), static_cast<T>(n)});
    });
    if (sink.needs(0)) sink.put(0, da);
    if (sink.needs(1)) sink.put(1, db);
  };
  return record("bce_of_product", loss, {a, b}, backward);
}

OpInfo op_bce_of_product() {
  auto labels = [](std::vector<double> values) {
    return Tensor::from(Shape{static_cast<int64_t>(values.size())}, values);
  };
  auto call = [](const OpArguments& a) {
    return std::vector<Var>{
        bce_of_product(a.inputs[0], a.inputs[1], a.constants[0].cast(a.inputs[0].dtype()))};
  };
  return {.name = "bce_of_product",
          .formula = "y = mean(-t log q - (1 - t) log(1 - q)), q = sigmoid(a) sigmoid(b)",
          .inputs = {"a", "b"},
          .constants = {"label"},
          .call = call,
          .cases = {{"one row", {{1}, {1}}, {labels({0})}},
                    {"hard and soft labels", {{5, 1}, {5, 1}}, {labels({0, 1, 1, 0.25, 0})}}},
          .refused = {
              {"count",
               {{3}, {3}},
               {labels({0, 1})},
               {},
               "bce_of_product: 2 labels for logits [3] and [3]"},
              {"logits",
               {{3}, {2}},
               {labels({0, 1, 1})},
               {},
               "bce_of_product: 3 labels for logits [3] and [2]"},
              {"range",
               {{2}, {2}},
               {labels({0, -1})},
               {},
               "bce_of_product: label -1 of row 1 is outside [0, 1]"},
              {"empty", {{0}, {0}}, {labels({})}, {}, "bce_of_product: 0 labels for logits [0]"}}};
}

}  // namespace ctr
