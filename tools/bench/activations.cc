#include "tools/bench/activations.h"

#include <omp.h>

#include <algorithm>

#include "engine/profile.h"
#include "engine/rng.h"
#include "ops/activation/activation.h"

namespace ctr {
namespace {

constexpr int64_t kElements = 1 << 14;

template <class F>
double nanoseconds_of(const F& f) {
  constexpr int kRounds = 201;
  std::vector<double> times;
  for (int round = 0; round < kRounds; ++round) {
    const double begin = seconds_now();
    f();
    times.push_back(1e9 * (seconds_now() - begin) / kElements);
  }
  std::nth_element(times.begin(), times.begin() + kRounds / 2, times.end());
  return times[kRounds / 2];
}

}  // namespace

std::vector<ActivationTime> bench_activations() {
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  Tensor x({1, kElements}, DType::f32), dy = Tensor::full({1, kElements}, DType::f32, 0.5);
  const RandomStream random{1, 0xAC, 0};
  for (int64_t i = 0; i < kElements; ++i)
    x.data<float>()[i] = 3 * static_cast<float>(random.normal(static_cast<uint64_t>(i)));
  std::vector<ActivationTime> result;
  for (size_t i = 1; i < kActivationNames.size(); ++i) {
    const auto activation = static_cast<Activation>(i);
    Tensor y = x.clone();
    const Tensor kept = keeps_output(activation) ? y : x;
    const Tensor other = dy;  // so that dy is not written over
    result.push_back({std::string(kActivationNames[i]), nanoseconds_of([&] {
                        std::copy_n(x.data<float>(), kElements, y.data<float>());
                        apply_activation(y, activation);
                      }),
                      nanoseconds_of([&] { activation_backward(kept, dy, activation); })});
  }
  omp_set_num_threads(threads);
  return result;
}

}  // namespace ctr
