#pragma once
// The speed of the activations.

#include <string>
#include <vector>

namespace ctr {

struct ActivationTime {
  std::string name;
  double forward_ns = 0, backward_ns = 0;  // an element of f32, on one thread, in the cache
};

// Medians over some rounds, in the order of kActivationNames without `identity`.
std::vector<ActivationTime> bench_activations();

}  // namespace ctr
