#include "ops/optim/rules.h"

#include <cmath>

#include "engine/check.h"
#include "engine/launch.h"
#include "ops/optim/optim_bodies.h"

namespace ctr {
namespace {

template <class T>
AdamRule<T> rule_at(const AdamOptions& options, int64_t step) {
  auto t = static_cast<double>(step);
  return {static_cast<T>(options.beta1), static_cast<T>(options.beta2),
          static_cast<T>(options.rate / (1.0 - std::pow(options.beta1, t))),
          static_cast<T>(1.0 / std::sqrt(1.0 - std::pow(options.beta2, t))),
          static_cast<T>(options.epsilon)};
}

// PyTorch's SparseAdam adds ε to √v before the bias correction; lazy Adam follows it.
template <class T>
AdamRule<T> lazy_rule_at(const AdamOptions& options, int64_t step) {
  auto t = static_cast<double>(step);
  AdamRule<T> rule = rule_at<T>(options, step);
  rule.rate = static_cast<T>(options.rate * std::sqrt(1.0 - std::pow(options.beta2, t)) /
                             (1.0 - std::pow(options.beta1, t)));
  rule.correction = T(1);
  return rule;
}

void check(const char* op, const Tensor& weight, const Tensor& gradient) {
  CTR_CHECK(weight.count() == gradient.count() && weight.dtype() == gradient.dtype(),
            "{}: gradient {} {} does not fit weight {} {}", op, gradient.dtype(), gradient.shape(),
            weight.dtype(), weight.shape());
}

}  // namespace

void sgd(Tensor& weight, const Tensor& gradient, double rate) {
  check("sgd", weight, gradient);
  visit_float(weight.dtype(), "sgd", [&](auto zero) {
    using T = decltype(zero);
    for_each(weight.device(), weight.count(),
             SgdUpdate<T>{gradient.data<T>(), weight.data<T>(), static_cast<T>(rate)});
  });
}

void sgd_rows(Tensor& weight, const CoalescedRows& gradient, double rate) {
  const int64_t width = gradient.values.dim(1);
  visit_float(weight.dtype(), "sgd", [&](auto zero) {
    using T = decltype(zero);
    for_each_2d(weight.device(), gradient.ids.count(), width,
                SgdRowUpdate<T>{gradient.ids.data<int64_t>(), gradient.values.data<T>(),
                                weight.data<T>(), width, static_cast<T>(rate)});
  });
}

void adam(Tensor& weight, Tensor& m, Tensor& v, const Tensor& gradient, const AdamOptions& options,
          int64_t step) {
  check("adam", weight, gradient);
  visit_float(weight.dtype(), "adam", [&](auto zero) {
    using T = decltype(zero);
    for_each(weight.device(), weight.count(),
             AdamUpdate<T>{gradient.data<T>(), weight.data<T>(), m.data<T>(), v.data<T>(),
                           rule_at<T>(options, step)});
  });
}

void adam_rows(Tensor& weight, Tensor& state, const CoalescedRows& gradient,
               const AdamOptions& options, int64_t step) {
  const int64_t width = gradient.values.dim(1);
  CTR_CHECK(state.count() == 2 * weight.count(),
            "lazy adam: state {} must hold two numbers per weight {}", state.shape(),
            weight.shape());
  visit_float(weight.dtype(), "lazy adam", [&](auto zero) {
    using T = decltype(zero);
    for_each_2d(
        weight.device(), gradient.ids.count(), width,
        AdamRowUpdate<T>{gradient.ids.data<int64_t>(), gradient.values.data<T>(), weight.data<T>(),
                         state.data<T>(), width, lazy_rule_at<T>(options, step)});
  });
}

}  // namespace ctr
