#include "models/layers/squeeze_excitation.h"

#include <algorithm>

#include "ops/elementwise/elementwise.h"
#include "ops/linear/linear.h"
#include "ops/reduce/reduce.h"

namespace ctr {

SqueezeExcitation::SqueezeExcitation(const Scope& scope, int64_t fields, double reduction,
                                     Activation activation)
    : activation_(activation) {
  const auto units =
      std::max<int64_t>(1, static_cast<int64_t>(static_cast<double>(fields) / reduction));
  squeeze_ =
      &(scope / 0).parameter("weight", {units, fields}, Initializer::xavier_normal(fields, units));
  excite_ =
      &(scope / 1).parameter("weight", {fields, units}, Initializer::xavier_normal(units, fields));
}

Var SqueezeExcitation::operator()(const Var& v) const {
  const LinearOptions inside{Activation::relu, WeightLayout::out_in};
  const LinearOptions outside{activation_, WeightLayout::out_in};
  Var z = mean(v, 2);                                // z_f    [B, F]
  Var hidden = linear(z, *squeeze_, Var(), inside);  //        [B, S]
  Var a = linear(hidden, *excite_, Var(), outside);  // a_f    [B, F]
  return scale_rows(v, a);                           // q_f    [B, F, D]
}

}  // namespace ctr
