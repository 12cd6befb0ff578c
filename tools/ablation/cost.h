#pragma once
// What a variant costs, counted where it runs: products, generated weights, parameters, memory.

#include <cstdint>

#include "io/dataset.h"
#include "tools/sweep/plan.h"

namespace ctr {

// Operations are those of matrix products, a multiply-add counted as two; per row, means over one
// batch of training rows.
struct VariantCost {
  int64_t parameters = 0;   // all numbers, given vectors too
  int64_t trained = 0;      // of them, what training moves
  int64_t tables = 0;       // of these, what vectors of ids are made of: rows, or DHE's decoders
  int64_t rows = 0;         // of the batch
  double forward_flop = 0;  // of a forward pass in training: nothing is folded or kept
  double predict_flop = 0;  // of a prediction with folded weights and kept vectors
  double step_flop = 0;     // of forward and backward pass
  int64_t generated_bytes = 0;  // weights that nets made for the batch's rows (APG): S, U, V, W
  int64_t memory = 0;  // bytes: parameters, the optimizer's state, the most that the tensors of a
                       // step take; not what libraries hold

  double generated_bytes_per_row() const;
};

// Two training steps and two predictions of a model that is built for them; its weights are gone
// afterwards. Throws what building and training throw.
VariantCost measure_cost(const PlannedRun& run, const Dataset& data);

}  // namespace ctr
