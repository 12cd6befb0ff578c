#include "tools/bench/apg_complexity.h"

#include <algorithm>
#include <functional>
#include <new>

#include "autograd/tape.h"
#include "engine/allocator.h"
#include "engine/check.h"
#include "engine/profile.h"
#include "models/layers/apg_linear.h"

namespace ctr {
namespace {

constexpr double kBytes = sizeof(float);

void check(const ApgSizes& s) {
  for (const auto& [name, value] : {std::pair{"N", s.n}, {"M", s.m}, {"K", s.k}, {"D", s.d}})
    CTR_CHECK(value >= 1 && value <= (1 << 24), "complexity: {} must be between 1 and 2^24, got {}",
              name, value);
  CTR_CHECK(s.k <= std::min(s.n, s.m),
            "complexity: K must be at most the smaller of N and M, {}, got {}", std::min(s.n, s.m),
            s.k);
  CTR_CHECK(s.p == 0 || (s.p >= s.k && s.p <= (1 << 24)),
            "complexity: P must be at least K = {}, got {}", s.k, s.p);
}

std::vector<ApgVersion> formulas(const ApgSizes& s) {
  const auto n = static_cast<double>(s.n), m = static_cast<double>(s.m),
             k = static_cast<double>(s.k), d = static_cast<double>(s.d),
             p = static_cast<double>(s.p);
  const double usv = n * k + k * k + k * m;
  std::vector<ApgVersion> all{
      {"static", "NM", "NM", {n * m, 0, n * m, 0}},
      {"basic", "NMD + NM", "NMD", {n * m * d + n * m, 0, n * m * d, n * m}},
      {"low rank",
       "(NK + K² + KM)D + NK² + NKM + NM",
       "(NK + K² + KM)D",
       {usv * d + n * k * k + n * k * m + n * m, 0, usv * d, usv + n * m}},
      {"decomposed",
       "(NK + K² + KM)D + NK + K² + KM",
       "(NK + K² + KM)D",
       {usv * d + usv, 0, usv * d, usv}},
      {"shared",
       "K²D + NK + K² + KM",
       "K²D + NK + KM",
       {k * k * d + usv, 0, k * k * d + n * k + k * m, k * k}}};
  if (s.p > 0)
    all.push_back({"over-param",
                   "K²D + NK + K² + KM, and NPK + KPM once a batch",
                   "K²D + NP + PK + KP + PM, and NK + KM while a batch runs",
                   {k * k * d + usv, n * p * k + k * p * m,
                    k * k * d + n * p + p * k + k * p + p * m, k * k}});
  return all;
}

ApgOptions options_of(const std::string& version) {
  ApgOptions options;
  options.generate = version == "basic"                               ? "full"
                     : version == "shared" || version == "over-param" ? "s"
                                                                      : "usv";
  options.decompose = version != "low rank";
  options.max_generated_mb = 1 << 24;  // the caller's bound holds
  return options;
}

// Rows and conditions of any values.
Var random_input(int64_t rows, int64_t width, const char* name) {
  return Var(Initializer::normal(1).make({rows, width}, DType::f32, 1, name));
}

using Forward = std::function<Var()>;

// Counts of one pass, the time of the median of some.
void measure(ApgVersion& version, const ParameterStore& store, int64_t rows, double batch_macs,
             const Forward& forward) {
  const AllocatorScope scope(std::make_shared<Arena>());
  forward();
  const Profile profile;
  forward();
  const auto count = static_cast<double>(rows);
  version.counted.batch_macs = batch_macs;
  version.counted.row_macs = (profile.flop() / 2 - batch_macs) / count;
  version.counted.generated = static_cast<double>(profile.generated_bytes()) / kBytes / count;
  for (const auto& parameter : store.all())
    if (!parameter->name.ends_with("bias"))
      version.counted.weights += static_cast<double>(parameter->value.count());
  constexpr int kRounds = 7;
  std::vector<double> times;
  for (int round = 0; round < kRounds; ++round) {
    const double begin = seconds_now();
    forward();
    times.push_back(seconds_now() - begin);
  }
  std::nth_element(times.begin(), times.begin() + kRounds / 2, times.end());
  version.row_us = 1e6 * times[kRounds / 2] / count;
  version.measured = true;
}

// Multiply-adds of a pass that do not grow with the rows: by one row against two.
double once_a_batch(const std::function<Var(int64_t rows)>& forward) {
  auto macs = [&](int64_t rows) {
    const Profile profile;
    forward(rows);
    return profile.flop() / 2;
  };
  return 2 * macs(1) - macs(2);
}

void build_and_measure(ApgVersion& version, const ApgSizes& s, int64_t rows) {
  ParameterStore store(DType::f32, 1);
  const Scope scope(store);
  const Var h = random_input(rows, s.n, "h"), z = random_input(rows, s.d, "z");
  if (version.name == "static") {
    const LinearLayer layer(scope, s.n, s.m);
    measure(version, store, rows, 0, [&] { return layer(h); });
    return;
  }
  const bool factors = version.name == "over-param";
  const int64_t widths[] = {s.d};
  const ApgLinear layer(scope, s.n, s.m, widths, options_of(version.name), s.k, factors ? s.p : 0);
  auto of = [&](const Var& x, const Var& condition) {
    const Tape tape;  // as in training: factors are multiplied, nothing is kept
    const BatchCondition conditions[] = {{condition, {}}};
    return layer(x, conditions, Activation::identity);
  };
  const double once = once_a_batch([&](int64_t count) {
    return of(random_input(count, s.n, "h"), random_input(count, s.d, "z"));
  });
  measure(version, store, rows, once, [&] { return of(h, z); });
}

}  // namespace

std::vector<ApgVersion> apg_complexity(const ApgSizes& sizes, int64_t rows, double most_bytes) {
  check(sizes);
  CTR_CHECK(rows >= 1, "complexity: rows must be at least 1, got {}", rows);
  std::vector<ApgVersion> all = formulas(sizes);
  for (ApgVersion& version : all) {
    const double bytes =
        kBytes * (version.formula.weights + static_cast<double>(rows) * version.formula.generated);
    if (bytes > most_bytes) {
      version.refused = fmt::format("not run: needs {:.1f} GB", bytes / 1e9);
      continue;
    }
    try {
      build_and_measure(version, sizes, rows);
    } catch (const std::bad_alloc&) {
      version.refused = fmt::format("not run: {:.1f} GB are not to be had", bytes / 1e9);
    }
  }
  return all;
}

}  // namespace ctr
