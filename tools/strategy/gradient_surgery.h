#pragma once
// PCGrad (Yu et al., NeurIPS 2020): of each domain's gradient, what conflicts with another's is
// taken away.
//
//   for each domain i:  g'_i ← g_i;  for the others j in random order:
//     if g'_i · g_j < 0:  g'_i ← g'_i − (g'_i · g_j / ‖g_j‖²) g_j
//   the step is that of Σ_i g'_i
//
// g_i is the gradient of the loss summed over domain i's rows of the batch, divided by all its
// rows: without conflicts the step is `joint`'s. Products run over all trained weights as one
// vector; those of tables over the rows that both touched.

#include "engine/rng.h"
#include "tools/strategy/strategy.h"

namespace ctr {

// The gradients of D domains times each other, [D, D].
std::vector<double> gram(std::span<const StepGradients> gradients);

// All g'_i are sums of g_j, so their sum is Σ_j w_j g_j: returns w, from the gram matrix alone.
// Random orders come from elements of `random`.
std::vector<double> surgery(std::span<const double> gram, size_t domains,
                            const RandomStream& random);

// Σ_j w_j g_j in the order of the store.
StepGradients weighted(std::span<const StepGradients> gradients, std::span<const double> weights,
                       const ParameterStore& store);

class GradientSurgery : public Strategy {
 public:
  using Strategy::Strategy;
  std::vector<Pass> passes(int64_t) override { return {Pass{}}; }
  StepResult step(const Pass& pass, std::span<const Batch> batches, int64_t number) override;
};

}  // namespace ctr
