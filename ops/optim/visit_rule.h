#pragma once
// From a rule's name to its functor, for the sources of this folder.

#include <cmath>
#include <string>

#include "engine/check.h"
#include "ops/optim/rule_bodies.h"
#include "ops/optim/rules.h"

namespace ctr {

inline double epsilon_of(const RuleOptions& options) {
  if (options.epsilon > 0) return options.epsilon;
  return options.rule == "adagrad" || options.rule == "rowwise-adagrad" ? 1e-10 : 1e-8;
}

// A parameter as a matrix.
inline int64_t rows_of(const Tensor& weight) { return weight.rank() < 2 ? 1 : weight.dim(0); }
inline int64_t width_of(const Tensor& weight) {
  const int64_t rows = rows_of(weight);
  return rows == 0 ? 0 : weight.count() / rows;
}

template <class T>
AdamRule<T> adam_rule(const RuleOptions& o, int64_t step, bool lazy) {
  const auto t = static_cast<double>(step);
  const double first = 1.0 - std::pow(o.beta1, t);
  const double root = std::sqrt(1.0 - std::pow(o.beta2, t));
  const bool inside = o.rule == "adam-tf" || (lazy && o.rule == "adam");  // ε̂: beside √v
  const double keep = o.rule == "adamw" ? 1.0 - o.learning_rate * o.weight_decay : 1.0;
  return {static_cast<T>(o.beta1),
          static_cast<T>(o.beta2),
          static_cast<T>(inside ? o.learning_rate * root / first : o.learning_rate / first),
          static_cast<T>(inside ? 1.0 : 1.0 / root),
          static_cast<T>(epsilon_of(o)),
          static_cast<T>(keep)};
}

// Calls f with the rule of one step; rowwise-adagrad comes as the Adagrad that it is off tables.
template <class T, class F>
void visit_rule(const RuleOptions& o, int64_t step, bool lazy, const F& f) {
  const T rate = static_cast<T>(o.learning_rate);
  const T epsilon = static_cast<T>(epsilon_of(o));
  if (o.rule == "sgd") return f(SgdRule<T>{rate});
  if (o.rule == "momentum") return f(MomentumRule<T>{rate, static_cast<T>(o.momentum)});
  if (o.rule == "rmsprop") return f(RmspropRule<T>{rate, static_cast<T>(o.rmsprop_alpha), epsilon});
  if (o.rule == "adagrad" || o.rule == "rowwise-adagrad") return f(AdagradRule<T>{rate, epsilon});
  if (o.rule == "ftrl")
    return f(FtrlRule<T>{rate, static_cast<T>(o.ftrl_beta), static_cast<T>(o.ftrl_l1),
                         static_cast<T>(o.ftrl_l2)});
  CTR_CHECK(o.rule == "adam" || o.rule == "adam-tf" || o.rule == "adamw",
            "optimizer: there is no rule '{}'", o.rule);
  f(adam_rule<T>(o, step, lazy));
}

}  // namespace ctr
