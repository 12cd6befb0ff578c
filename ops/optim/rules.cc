#include "ops/optim/rules.h"

#include <cmath>
#include <type_traits>

#include "engine/check.h"
#include "engine/launch.h"
#include "ops/optim/visit_rule.h"

namespace ctr {
namespace {

bool is_rowwise(const RuleOptions& options, bool table) {
  return options.rule == "rowwise-adagrad" && table;
}

template <class T>
void rowwise_adagrad(const RuleOptions& options, Tensor& weight, Tensor& state, const int64_t* ids,
                     int64_t rows, const Tensor& gradient) {
  const int64_t width = width_of(weight);
  reduce_rows(weight.device(), rows, width,
              RowwiseAdagrad<T>{ids, gradient.data<T>(), weight.data<T>(), state.data<T>(), width,
                                static_cast<T>(options.learning_rate),
                                static_cast<T>(epsilon_of(options))});
}

// A rule without state still gets a pointer to add zero to.
template <class T>
T* numbers(Tensor& state, Tensor& weight) {
  return (state.defined() ? state : weight).data<T>();
}

// Where McMahan's closed form gives w: z = −(w ((β + √n)/η + λ2) + sgn(w) λ1).
template <class T>
void start_ftrl(const RuleOptions& o, const Tensor& weight, Tensor& state) {
  const int64_t width = width_of(weight);
  const T* w = weight.data<T>();
  T* z = state.data<T>();
  const double root = std::sqrt(o.initial_accumulator);
  const T slope = static_cast<T>((o.ftrl_beta + root) / o.learning_rate + o.ftrl_l2);
  const T l1 = static_cast<T>(o.ftrl_l1);
  for (int64_t i = 0; i < weight.count(); ++i) {
    const int64_t at = i / width * 2 * width + i % width;
    const T sign = w[i] > 0 ? T(1) : w[i] < 0 ? T(-1) : T(0);
    z[at] = -(w[i] * slope + sign * l1);
    z[at + width] = static_cast<T>(o.initial_accumulator);
  }
}

}  // namespace

const std::vector<std::string>& rule_names() {
  static const std::vector<std::string> names = {
      "adam",    "adam-tf",         "adamw",   "sgd", "momentum",
      "adagrad", "rowwise-adagrad", "rmsprop", "ftrl"};
  return names;
}

Tensor initial_state(const RuleOptions& options, const Tensor& weight, bool table) {
  const int64_t rows = rows_of(weight);
  if (is_rowwise(options, table))
    return Tensor::full({rows, 1, 1}, weight.dtype(), options.initial_accumulator);
  Tensor state;
  visit_float(weight.dtype(), "optimizer", [&](auto zero) {
    using T = decltype(zero);
    visit_rule<T>(options, 1, false, [&](const auto& rule) {
      using Rule = std::decay_t<decltype(rule)>;
      if (Rule::kState == 0) return;
      const bool sums = std::is_same_v<Rule, AdagradRule<T>>;
      state = Tensor::full({rows, Rule::kState, width_of(weight)}, weight.dtype(),
                           sums ? options.initial_accumulator : 0);
      if (std::is_same_v<Rule, FtrlRule<T>>) start_ftrl<T>(options, weight, state);
    });
  });
  return state;
}

void update(const RuleOptions& options, Tensor& weight, Tensor& state, const Tensor& gradient,
            bool table, int64_t step) {
  CTR_CHECK(weight.count() == gradient.count() && weight.dtype() == gradient.dtype(),
            "{}: gradient {} {} does not fit weight {} {}", options.rule, gradient.dtype(),
            gradient.shape(), weight.dtype(), weight.shape());
  const int64_t rows = rows_of(weight), width = width_of(weight);
  visit_float(weight.dtype(), "optimizer", [&](auto zero) {
    using T = decltype(zero);
    if (is_rowwise(options, table))
      return rowwise_adagrad<T>(options, weight, state, nullptr, rows, gradient);
    visit_rule<T>(options, step, false, [&](const auto& rule) {
      using Rule = std::decay_t<decltype(rule)>;
      for_each_2d(weight.device(), rows, width,
                  DenseUpdate<Rule, T>{gradient.data<T>(), weight.data<T>(),
                                       numbers<T>(state, weight), width, rule});
    });
  });
}

void update_rows(const RuleOptions& options, Tensor& weight, Tensor& state,
                 const CoalescedRows& gradient, bool table, int64_t step) {
  const int64_t width = width_of(weight), rows = gradient.ids.count();
  CTR_CHECK(gradient.values.count() == rows * width && weight.dtype() == gradient.values.dtype(),
            "{}: row gradients {} {} do not fit weight {} {}", options.rule,
            gradient.values.dtype(), gradient.values.shape(), weight.dtype(), weight.shape());
  visit_float(weight.dtype(), "optimizer", [&](auto zero) {
    using T = decltype(zero);
    const auto* ids = gradient.ids.data<int64_t>();
    if (is_rowwise(options, table))
      return rowwise_adagrad<T>(options, weight, state, ids, rows, gradient.values);
    visit_rule<T>(options, step, true, [&](const auto& rule) {
      using Rule = std::decay_t<decltype(rule)>;
      for_each_2d(weight.device(), rows, width,
                  RowUpdate<Rule, T>{ids, gradient.values.data<T>(), weight.data<T>(),
                                     numbers<T>(state, weight), width, rule});
    });
  });
}

}  // namespace ctr
