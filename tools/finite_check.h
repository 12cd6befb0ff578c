#pragma once
// What to say when a loss or a gradient is no finite number.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "io/batch.h"
#include "ops/optim/step_gradients.h"
#include "tools/built_model.h"

namespace ctr {

struct NonFinite {
  int64_t step = 0;
  int64_t epoch = 0;
  std::string what;    // "loss" or "gradient norm"
  double value = 0;    // of it
  std::string tensor;  // the first that is not finite: an input, a parameter, an operator's result
                       // in the order of the calls, or a parameter's gradient
  std::vector<int64_t> rows;      // of the step, by their numbers in the training split
  std::vector<int64_t> bad_rows;  // those with an input or a logit that is not finite
};

// Runs the forward pass of the step's batches again and looks at everything. `gradients` may be
// empty. The random numbers of batch i are those of mode().step = first_draw + i.
NonFinite find_non_finite(BuiltModel& built, const Schema& schema, std::span<const Batch> batches,
                          const StepGradients& gradients, uint32_t first_draw);

// The message for the user.
std::string describe(const NonFinite& found);

}  // namespace ctr
