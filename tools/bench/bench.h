#pragma once
// Speed of training steps and predictions.

#include <functional>
#include <string>
#include <vector>

#include "engine/profile.h"
#include "tools/bench/machine.h"
#include "tools/bench/workload.h"

namespace ctr {

struct BenchReport {
  double samples_per_s = 0;         // median over blocks
  double slowest = 0, fastest = 0;  // block
  double step_ms = 0;               // at the median
  double gemm_ms = 0;               // of the step's matrix products alone, run again without it
  double step_over_gemm = 0;        // median over blocks, both measured in turn; 0: no products
  double gemm_gflops = 0;
  double peak_mb = 0;  // most resident memory of the process since restart_peak()
  int64_t parameters = 0;
  std::vector<Profile::Entry> entries;  // per step
};

// Forgets how much memory the process has held so far.
void restart_peak();

// After three steps to warm up: `blocks` blocks of `steps` steps, after each the products alone;
// then a profile of as many steps as a block has, twenty at most.
BenchReport bench_steps(Workload& workload, int64_t steps, int64_t blocks);

// The same for some models, one after another, told as they come; a reason where one has no such
// workload.
struct ModelTime {
  std::string model;
  BenchReport report;
  std::string failure;
};
std::vector<ModelTime> bench_models(const std::vector<std::string>& models, WorkloadOptions options,
                                    int64_t steps, int64_t blocks,
                                    const std::function<void(const ModelTime&)>& tell);

struct LatencyReport {
  int64_t rows = 0;
  bool folded = false;
  double p50_us = 0, p99_us = 0;
};
LatencyReport bench_predictions(Workload& workload, int64_t rows, bool folded, int64_t calls);

}  // namespace ctr
