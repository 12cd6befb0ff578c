#pragma once
// Bootstrap over groups: whole groups (users) are drawn anew with replacement, as many as there
// are, and the metrics computed on their rows (Efron, Tibshirani: An Introduction to the Bootstrap,
// 1993, chapter 8). Rows of one user are not independent; this keeps them together.

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "tools/metrics/delong.h"

namespace ctr {

struct BootstrapOptions {
  int64_t replicates = 1000;
  uint64_t seed = 1;  // the draws are a function of (seed, replicate, position)
  double confidence = 0.95;
};

// Scored rows. `group` may be empty: then each row is a group of its own, and there is no GAUC.
struct ScoredRows {
  std::span<const double> score;
  std::span<const double> label;
  std::span<const int64_t> domain;  // ids in [0, domains)
  int64_t domains = 1;
  std::span<const int64_t> group;  // ids in [0, groups)
  int64_t groups = 0;
};

// Percentile intervals (linear between order statistics). NaN where no replicate has both classes.
// In a replicate, domains of one class are left out as in the metric itself.
struct BootstrapIntervals {
  Interval auc, mean_auc, wauc, gauc, gauc_plain;
  std::vector<Interval> by_domain;
};
// One sort, then O(rows) for each replicate; memory: 40 bytes a row and 8 a group and thread. The
// same for any number of threads.
BootstrapIntervals bootstrap(const ScoredRows& rows, const BootstrapOptions& options);

}  // namespace ctr
