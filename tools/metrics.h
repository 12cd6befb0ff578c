#pragma once
// Metrics of scored rows. Definitions and sources: docs/metrics.md.

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tools/metrics/auc.h"
#include "tools/metrics/calibration.h"
#include "tools/metrics/group_auc.h"

namespace ctr {

// Where clicks stand among all items (metrics/ranking.h); NaN where the model scores none.
struct RankMetrics {
  double hr1 = std::numeric_limits<double>::quiet_NaN(), hr10 = hr1, mrr10 = hr1, ndcg10 = hr1;

  bool defined() const { return hr1 == hr1; }
};
// Their names, as monitors, in tables and in JSON.
inline constexpr std::pair<const char*, double RankMetrics::*> kRankMetrics[] = {
    {"hr@1", &RankMetrics::hr1},
    {"hr@10", &RankMetrics::hr10},
    {"mrr@10", &RankMetrics::mrr10},
    {"ndcg@10", &RankMetrics::ndcg10}};

// All that training reports.
struct Metrics {
  double auc = 0;
  double logloss = 0;
  double mean_auc = 0;  // over domains
  double wauc = 0;      // over domains, by rows
  double pcoc = 0;      // predicted over observed clicks
  std::vector<double> domain_auc;
  double gauc = std::numeric_limits<double>::quiet_NaN();  // over groups, by rows
  RankMetrics ranking = {};                                // of the clicks among all items
  std::string task = {};                                   // one of several: its name
  std::vector<Metrics> tasks = {};  // where there are several, of each; the figures above are their
                                    // plain means over the tasks for which they are defined
};
// `group` holds ids from 0, or nothing: then there is no GAUC.
Metrics measure(std::span<const double> probability, std::span<const double> label,
                std::span<const int64_t> domain, int64_t domains,
                std::span<const int64_t> group = {});

// Of several tasks together.
Metrics over_tasks(std::vector<Metrics> tasks);

}  // namespace ctr
