#include "tools/bench/bench.h"

#include <malloc.h>

#include <algorithm>
#include <fstream>
#include <string>

#include "engine/allocator.h"
#include "engine/error.h"
#include "engine/linalg.h"
#include "tools/bench/median.h"

namespace ctr {
namespace {

// Most resident memory since restart_peak().
double peak_megabytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1024;
  }
  return 0;
}

// One product with operands of its own.
class Replay {
 public:
  explicit Replay(const Product& p)
      : product_(p),
        a_(Tensor::full({p.batch * (p.transpose_a ? p.inner : p.rows), a_cols()}, DType::f32, 0.5)),
        b_(Tensor::full({p.batch * (p.transpose_b ? p.cols : p.inner), b_cols()}, DType::f32, 0.5)),
        c_(Tensor::full({p.batch * p.rows, p.cols}, DType::f32, 0)) {}

  void run() {
    for (int64_t i = 0; i < product_.repeats; ++i) once();
  }

 private:
  void once() {
    const int64_t n = product_.batch;
    const Matrix<const float> a{a_.data<float>(), a_.dim(0) / n, a_cols(), a_cols()};
    const Matrix<const float> b{b_.data<float>(), b_.dim(0) / n, b_cols(), b_cols()};
    const Matrix<float> c{c_.data<float>(), product_.rows, product_.cols, product_.cols};
    const auto ta = product_.transpose_a ? Transpose::yes : Transpose::no;
    const auto tb = product_.transpose_b ? Transpose::yes : Transpose::no;
    if (n == 1) {
      gemm(Device::cpu, a, ta, b, tb, c);
    } else {
      batched_gemm(Device::cpu, n, a, ta, b, tb, c);
    }
  }
  int64_t a_cols() const { return product_.transpose_a ? product_.rows : product_.inner; }
  int64_t b_cols() const { return product_.transpose_b ? product_.inner : product_.cols; }

  Product product_;
  Tensor a_, b_, c_;
};

// All products of a step, with operands of their own.
class Products {
 public:
  explicit Products(const std::vector<Product>& products) {
    for (const Product& product : products) {
      if (product.flop() == 0) continue;
      replays_.emplace_back(product);
      flop_ += product.flop();
    }
  }
  double flop() const { return flop_; }
  // Seconds that they take one after another.
  double run() {
    const double begin = seconds_now();
    for (Replay& one : replays_) one.run();
    return seconds_now() - begin;
  }

 private:
  std::vector<Replay> replays_;
  double flop_ = 0;
};

std::vector<Product> products_of_step(Workload& workload) {
  Profile profile;
  workload.step();
  return profile.products();
}

// Means over these steps.
std::vector<Profile::Entry> profile_steps(Workload& workload, int64_t steps) {
  Profile profile;
  for (int64_t i = 0; i < steps; ++i) {
    profile.restart();
    workload.step();
  }
  std::vector<Profile::Entry> entries = profile.entries();
  for (Profile::Entry& entry : entries) {
    const auto count = static_cast<double>(steps);
    entry.calls /= steps;
    entry.seconds /= count;
    entry.flop /= count;
    entry.product_seconds /= count;
    entry.bytes /= count;
  }
  return entries;
}

}  // namespace

void restart_peak() {
  malloc_trim(0);                               // what an earlier workload has given back
  std::ofstream("/proc/self/clear_refs") << 5;  // see proc(5)
}

BenchReport bench_steps(Workload& workload, int64_t steps, int64_t blocks) {
  constexpr int kWarmUp = 3, kRounds = 3;
  BenchReport report;
  report.parameters = workload.parameters();
  auto arena = std::make_shared<Arena>();
  AllocatorScope scope(arena);
  for (int i = 0; i < kWarmUp; ++i) workload.step();
  report.peak_mb = peak_megabytes();
  Products products(products_of_step(workload));
  products.run();
  std::vector<double> step_times, product_times, ratios;
  for (int64_t block = 0; block < blocks; ++block) {
    const double begin = seconds_now();
    for (int64_t i = 0; i < steps; ++i) workload.step();
    step_times.push_back((seconds_now() - begin) / static_cast<double>(steps));
    std::vector<double> rounds;
    for (int round = 0; round < kRounds; ++round) rounds.push_back(products.run());
    product_times.push_back(median(rounds));
    ratios.push_back(step_times.back() / product_times.back());
  }
  report.entries = profile_steps(workload, std::min<int64_t>(steps, 20));
  const auto rows = static_cast<double>(workload.batch_size());
  const double step = median(step_times), product = median(product_times);
  report.samples_per_s = rows / step;
  report.slowest = rows / *std::max_element(step_times.begin(), step_times.end());
  report.fastest = rows / *std::min_element(step_times.begin(), step_times.end());
  report.step_ms = 1e3 * step;
  report.gemm_ms = 1e3 * product;
  report.step_over_gemm = products.flop() > 0 ? median(ratios) : 0;
  report.gemm_gflops = products.flop() > 0 ? products.flop() / product / 1e9 : 0;
  return report;
}

std::vector<ModelTime> bench_models(const std::vector<std::string>& models, WorkloadOptions options,
                                    int64_t steps, int64_t blocks,
                                    const std::function<void(const ModelTime&)>& tell) {
  std::vector<ModelTime> all;
  for (const std::string& model : models) {
    options.model = model;
    ModelTime& one = all.emplace_back();
    one.model = model;
    restart_peak();
    try {
      Workload workload(options);
      one.report = bench_steps(workload, steps, blocks);
    } catch (const Error& error) {
      one.failure = error.what();
    }
    tell(one);
  }
  return all;
}

LatencyReport bench_predictions(Workload& workload, int64_t rows, bool folded, int64_t calls) {
  auto arena = std::make_shared<Arena>();
  AllocatorScope scope(arena);
  for (int i = 0; i < 20; ++i) workload.predict(rows, folded);
  std::vector<double> times;
  for (int64_t i = 0; i < calls; ++i) {
    const double begin = seconds_now();
    workload.predict(rows, folded);
    times.push_back(1e6 * (seconds_now() - begin));
  }
  std::sort(times.begin(), times.end());
  return {rows, folded, times[times.size() / 2], times[times.size() * 99 / 100]};
}

}  // namespace ctr
