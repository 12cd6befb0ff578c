#include "models/layers/bilinear_interaction.h"

#include <array>

#include "ops/fields/fields.h"
#include "ops/fields/pairs.h"
#include "ops/linear/linear.h"
#include "ops/shaping/shaping.h"

namespace ctr {

BilinearInteraction::BilinearInteraction(const Scope& scope, const std::string& type,
                                         int64_t fields, int64_t width, bool shared)
    : type_(type),
      first_(matrices(scope / 0, fields, width)),
      second_(shared ? first_ : matrices(scope / 1, fields, width)) {}

// Torch's fans of [D, D] and [N, D, D].
const Parameter& BilinearInteraction::matrices(const Scope& scope, int64_t fields,
                                               int64_t width) const {
  if (type_ == "all")
    return scope.parameter("weight", {width, width}, Initializer::xavier_normal(width, width));
  const int64_t count = type_ == "each" ? fields : pair_count(fields);
  return scope.parameter("weight", {count, width, width},
                         Initializer::xavier_normal(width * width, count * width));
}

// x_f M or x_f M_f: computed once per field, not per pair.
Var BilinearInteraction::by_left_field(const Var& x, const Parameter& m) const {
  if (type_ == "each") return field_matmul(x, m);
  return reshape(matmul(reshape(x, {x.dim(0) * x.dim(1), x.dim(2)}), m), x.shape());
}

Var BilinearInteraction::operator()(const Var& first, const Var& second) const {
  if (type_ == "interaction") {
    const std::array<PairBilinear, 2> parts{{{first, first_}, {second, second_}}};
    return pairwise_bilinear(parts);
  }
  const std::array<PairFactors, 2> parts{
      {{by_left_field(first, first_), first}, {by_left_field(second, second_), second}}};
  return pairwise_hadamard(parts);
}

}  // namespace ctr
