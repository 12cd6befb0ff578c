#include "tools/bench/machine.h"

#include <omp.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "engine/parallel.h"
#include "engine/profile.h"
#include "engine/rng.h"
#include "engine/tensor.h"

#if defined(__FMA__)
#include <immintrin.h>
#endif

namespace ctr {
namespace {

// Multiply-adds that depend on nothing but themselves, enough at once to fill the pipelines;
// returns flop per second of one thread.
double register_rate() {
  constexpr int kChains = 12, kRounds = 4'000'000;
#if defined(__FMA__)
  constexpr int kLanes = 8;
  __m256 sums[kChains];
  for (__m256& sum : sums) sum = _mm256_set1_ps(1.f);
  const __m256 factor = _mm256_set1_ps(0.999f), term = _mm256_set1_ps(0.001f);
  const double begin = seconds_now();
  for (int round = 0; round < kRounds; ++round) {
#pragma GCC unroll 12
    for (__m256& sum : sums) sum = _mm256_fmadd_ps(sum, factor, term);
  }
  const double seconds = seconds_now() - begin;
  float total = 0;
  for (const __m256& sum : sums) total += sum[0];
#else
  constexpr int kLanes = 4;
  float sums[kChains][kLanes];
  for (auto& sum : sums) std::fill_n(sum, kLanes, 1.f);
  const double begin = seconds_now();
  for (int round = 0; round < kRounds; ++round) {
#pragma GCC unroll 12
    for (auto& sum : sums) {
#pragma GCC unroll 4
      for (float& lane : sum) lane = lane * 0.999f + 0.001f;
    }
  }
  const double seconds = seconds_now() - begin;
  float total = 0;
  for (const auto& sum : sums) total += sum[0];
#endif
  volatile float kept = total;  // the loop must not be optimised away
  static_cast<void>(kept);
  return 2.0 * kLanes * kChains * kRounds / seconds;
}

double peak() {
  double sum = 0;
#pragma omp parallel reduction(+ : sum)
  sum += register_rate();
  return sum;
}

double copy_rate() {
  constexpr int64_t kBytes = int64_t{128} << 20;
  Tensor from = Tensor::zeros({kBytes}, DType::u8), to = Tensor::zeros({kBytes}, DType::u8);
  double best = 0;
  for (int round = 0; round < 3; ++round) {
    const double begin = seconds_now();
    parallel_for(kBytes, 1 << 20, [&](int64_t first, int64_t last) {
      std::memcpy(to.data<uint8_t>() + first, from.data<uint8_t>() + first,
                  static_cast<size_t>(last - first));
    });
    best = std::max(best, 2.0 * kBytes / (seconds_now() - begin));
  }
  return best;
}

double gather_time() {
  constexpr int64_t kRows = int64_t{8} << 20, kWidth = 16, kReads = int64_t{1} << 20;
  const Tensor table = Tensor::zeros({kRows, kWidth}, DType::f32);
  Tensor ids({kReads}, DType::i64);
  const RandomStream random{1, 1, 0};
  for (int64_t i = 0; i < kReads; ++i)
    ids.data<int64_t>()[i] = static_cast<int64_t>(random.below(kRows, static_cast<uint64_t>(i)));
  Tensor sums({kReads}, DType::f32);
  const float* rows = table.data<float>();
  const int64_t* id = ids.data<int64_t>();
  const double begin = seconds_now();
  parallel_for(kReads, 1024, [&](int64_t first, int64_t last) {
    constexpr int64_t kAhead = 16;
    for (int64_t i = first; i < last; ++i) {
      if (i + kAhead < last) __builtin_prefetch(rows + id[i + kAhead] * kWidth);
      float sum = 0;
      for (int64_t k = 0; k < kWidth; ++k) sum += rows[id[i] * kWidth + k];
      sums.data<float>()[i] = sum;
    }
  });
  return (seconds_now() - begin) / static_cast<double>(kReads);
}

}  // namespace

Machine measure_machine() {
  Machine machine;
  machine.threads = omp_get_max_threads();
  peak();  // wakes the threads up
  for (int round = 0; round < 9; ++round)
    machine.peak_gflops = std::max(machine.peak_gflops, peak() / 1e9);
  machine.copy_gbytes = copy_rate() / 1e9;
  machine.gather_ns = gather_time() * 1e9;
  return machine;
}

}  // namespace ctr
