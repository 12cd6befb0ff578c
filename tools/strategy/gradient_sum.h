#pragma once
// Gradients of many batches, added up.

#include <map>
#include <string>
#include <vector>

#include "ops/optim/step_gradients.h"

namespace ctr {

// Memory: that of all trained weights, and a byte for each row of a table. It knows the rows of a
// table that were touched.
class GradientSum {
 public:
  explicit GradientSum(const ParameterStore& store);

  void clear();
  // Sums by row (gather_sums).
  void add(const StepGradients& gradients);
  // For Optimizer::prepare; shares no memory with this.
  StepGradients sum() const;

  // Shared with this; take_from copies them back.
  void put_into(std::map<std::string, Tensor>& all) const;
  void take_from(const std::map<std::string, Tensor>& all);

 private:
  enum Kind : uint8_t { kNone, kRows, kDense };
  struct One {
    Parameter* parameter;
    Tensor values;   // of the parameter's shape
    Tensor touched;  // u8 [its first axis]: 1 where a gradient came by rows
    Tensor kind;     // u8 [1]
  };
  std::vector<One> all_;
};

}  // namespace ctr
