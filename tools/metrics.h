#pragma once
// Metrics of scored rows. Definitions and sources: docs/metrics.md.

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "tools/metrics/auc.h"
#include "tools/metrics/calibration.h"
#include "tools/metrics/group_auc.h"

namespace ctr {

// All that training reports.
struct Metrics {
  double auc = 0;
  double logloss = 0;
  double mean_auc = 0;  // over domains
  double wauc = 0;      // over domains, by rows
  double pcoc = 0;      // predicted over observed clicks
  std::vector<double> domain_auc;
  double gauc = std::numeric_limits<double>::quiet_NaN();  // over groups, by rows
};
// `group` holds ids from 0, or nothing: then there is no GAUC.
Metrics measure(std::span<const double> probability, std::span<const double> label,
                std::span<const int64_t> domain, int64_t domains,
                std::span<const int64_t> group = {});

}  // namespace ctr
