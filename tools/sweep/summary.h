#pragma once
// A sweep's runs grouped over seeds.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/sweep/sweep.h"

namespace ctr {

// Over the seeds of a combination. `deviation` is that of the sample (n − 1); NaN with one seed,
// both NaN where the metric is not defined for a seed.
struct Spread {
  double mean = 0, deviation = 0;
};
Spread spread_of(const std::vector<double>& values);
// "0.80150 ± 0.00021", without what is NaN; "-" without a mean.
std::string spread_text(const Spread& spread, int digits);

struct Combination {
  std::vector<std::string> values;  // by axis
  std::string model;
  int64_t done = 0, failed = 0, missing = 0;  // seeds
  int64_t parameters = 0;
  Spread monitor;  // of the valid split: what `best` goes by
  Spread valid_auc, test_auc, test_logloss, test_gauc, epochs, seconds, samples_per_s;
  Spread test_ranking[std::size(kRankMetrics)];
};

struct SweepSummary {
  std::string monitor;  // auto where the runs have different ones
  std::vector<Combination> combinations;
  std::optional<size_t> best;  // the highest mean monitor; the first of equals
};

SweepSummary summarise(const SweepPlan& plan, const SweepResult& result);

// A table for a terminal, the best combination marked with `*`.
std::string text_of(const SweepPlan& plan, const SweepSummary& summary);
// One JSON object: axes, seeds, monitor, every run and every combination. Numbers that are not
// defined are null.
std::string json_of(const SweepPlan& plan, const SweepResult& result, const SweepSummary& summary);

}  // namespace ctr
