#pragma once
// Gradients against central differences in f64, with a random upstream gradient on every output.

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "autograd/tape.h"

namespace ctr {

// The comparison for one input: errors are relative to the largest numeric derivative of the input
// (at least 1e-3).
struct GradientError {
  std::string name;
  double worst = 0;    // largest error over the elements looked at
  double largest = 0;  // largest numeric derivative
  int64_t elements = 0;
};

inline constexpr double kGradientTolerance = 1e-6;

// Of a function of tensors. `points` are f64; they are moved and restored.
std::vector<GradientError> check_gradients(
    std::vector<Tensor> points, std::span<const std::string> names,
    const std::function<std::vector<Var>(std::span<const Var>)>& function);

// Of a function of the parameters in `store`; at most `most` elements of each, chosen by a fixed
// seed.
std::vector<GradientError> check_gradients(ParameterStore& store,
                                           const std::function<Var()>& function, int64_t most);

// Σ <upstream_i, output_i>, upstream standard normal numbers of a fixed seed.
Tensor random_upstream(const Tensor& output, uint64_t stream);

}  // namespace ctr
