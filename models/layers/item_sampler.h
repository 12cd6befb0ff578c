#pragma once

#include <span>
#include <string>

#include "engine/rng.h"
#include "engine/step_vector.h"
#include "models/options/next_item_options.h"
#include "ops/item_softmax/item_softmax.h"

namespace ctr {

// Draws an index with a probability in proportion to its weight in constant time (Walker, ACM TOMS
// 1977; set up in order as Vose, IEEE TSE 1991).
class AliasTable {
 public:
  // Throws unless all weights are finite, none is negative and their sum is positive.
  explicit AliasTable(std::span<const double> weights);
  // By element `element` of the stream.
  int64_t draw(const RandomStream& random, uint64_t element) const;

 private:
  StepVector<double> stay_;  // probability of the index itself in its cell
  StepVector<int64_t> other_;
};

// ln of the expected count of an item that a draw gives with probability p, in a sample of `size`
// distinct items that took `tries` draws: size p where every draw counted, else
// 1 − (1 − p)^tries (as TensorFlow's samplers say).
double log_expected_count(double p, int64_t size, int64_t tries);

// The log-uniform sampler's probability of the c-th of n items, c from 0: ln((c + 2) / (c + 1)) /
// ln(n + 1). Fits items in the order of falling counts.
double log_uniform_probability(int64_t c, int64_t n);

// Samples of the items 1 … V − 1, for sampled_cross_entropy. Samplers:
//   log-uniform, uniform   distinct items, drawn anew until there are enough
//   counts                 by number of occurrences to a power, with repeats; unseen items as if
//                          seen once
//   in-batch               the batch's targets themselves
class ItemSampler {
 public:
  ItemSampler(const NextItemOptions& options, int64_t items);
  // Whether draw() needs counts.
  bool counts() const;
  // target i64 [N], 0: none; counts i64 [V], or undefined. Without correction all ln Q are 0.
  ItemSample draw(const RandomStream& random, const Tensor& target, const Tensor& counts) const;

 private:
  double probability(int64_t item) const;
  ItemSample drawn_distinct(const RandomStream& random, const Tensor& target) const;
  ItemSample drawn_by_counts(const RandomStream& random, const Tensor& target,
                             const Tensor& counts) const;

  std::string kind_;
  int64_t items_, size_;
  double power_;
  bool corrects_;
};

}  // namespace ctr
