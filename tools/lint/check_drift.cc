// How far valid and test lie from the training split.

#include <algorithm>
#include <cmath>

#include "engine/check.h"
#include "tools/lint/checks.h"

namespace ctr {
namespace {

constexpr double kFarIds = 0.1;      // total variation beyond what chance explains
constexpr double kFarNumbers = 0.1;  // stability index: customary bounds are .1 and .25
constexpr double kVeryFarNumbers = 0.25;
constexpr double kFrequent = 0.001;  // of the training rows

struct Distance {
  double value = 0;
  double by_chance = 0;  // expected between two samples of one distribution
};

// ½ Σ |p − q| over the frequent ids and one bin for all others.
Distance total_variation(const ValueCounts& train, const ValueCounts& other) {
  const auto n = static_cast<double>(train.total()), m = static_cast<double>(other.total());
  Distance result;
  auto add = [&](double p, double q) {
    result.value += std::abs(p - q) / 2;
    // E|p̂ − q̂| of two binomial shares, near normal: √(2 / π) standard deviations.
    const double mean = (p * n + q * m) / (n + m);
    result.by_chance += std::sqrt(2 / M_PI * mean * (1 - mean) * (1 / n + 1 / m)) / 2;
  };
  double rest_p = 0, rest_q = 0;
  for (size_t id = 0; id < train.rows.size(); ++id) {
    const double p = static_cast<double>(train.rows[id]) / n;
    const double q = static_cast<double>(other.rows[id]) / m;
    if (p >= kFrequent) {
      add(p, q);
    } else {
      rest_p += p;
      rest_q += q;
    }
  }
  add(rest_p, rest_q);
  return result;
}

// Population stability index Σ (p − q) ln(p / q) over tenths of the training numbers, half a row
// added to each bin so that an empty one has a logarithm.
Distance stability_index(const ValueCounts& train, const ValueCounts& other) {
  const int64_t total = train.total();
  std::vector<double> p, q;
  int64_t before = 0;
  for (size_t bin = 0; bin < train.rows.size(); ++bin) {
    const auto tenth = static_cast<size_t>(10 * before / total);
    before += train.rows[bin];
    if (p.empty() || tenth >= p.size()) {
      p.push_back(0.5);
      q.push_back(0.5);
    }
    p.back() += static_cast<double>(train.rows[bin]);
    q.back() += static_cast<double>(other.rows[bin]);
  }
  const auto bins = static_cast<double>(p.size());
  const double n = static_cast<double>(total) + bins / 2;
  const double m = static_cast<double>(other.total()) + bins / 2;
  Distance result;
  for (size_t b = 0; b < p.size(); ++b)
    result.value += (p[b] / n - q[b] / m) * std::log((p[b] / n) / (q[b] / m));
  result.by_chance = (bins - 1) * (1 / n + 1 / m);  // its mean: a scaled χ² of bins − 1
  return result;
}

}  // namespace

void check_drift(const LintInput& input, LintReport& report) {
  if (input.profile.rows[0] == 0) return;
  for (size_t f = 0; f < report.fields.size(); ++f) {
    const Field& field = input.data.schema.fields[f];
    const auto& values = input.profile.fields[f].values;
    const bool numbers = field.type == FieldType::numeric;
    if (values[0].total() == 0) continue;
    for (size_t s = 1; s < kSplitNames.size(); ++s) {
      if (values[s].total() == 0) continue;
      const Distance distance =
          numbers ? stability_index(values[0], values[s]) : total_variation(values[0], values[s]);
      report.fields[f].drift[s] = distance.value;
      const double beyond = distance.value - distance.by_chance;
      if (beyond <= (numbers ? kFarNumbers : kFarIds)) continue;
      report.findings.push_back(
          {Verdict::warning, "drift", fmt::format("{}, {}", field.name, kSplitNames[s]),
           fmt::format("{} from train is {:.3f} ({:.3f} by chance){}",
                       numbers ? "population stability index" : "total variation distance",
                       distance.value, distance.by_chance,
                       numbers && beyond > kVeryFarNumbers ? ", which is far" : ""),
           "natural in splits by time; else see how the splits were made"});
    }
  }
}

}  // namespace ctr
