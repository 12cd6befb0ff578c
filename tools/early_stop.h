#pragma once
// When the valid metric no longer rises.

#include <cstdint>
#include <string>
#include <vector>

#include "tools/metrics.h"

namespace ctr {

// The metrics that --monitor takes: auc, logloss, auc-logloss, mean_auc, wauc, gauc, those of
// kRankMetrics, and auto: auc, or ndcg@10 where the data has clicks alone.
std::vector<std::string> monitor_names();
// Whether it looks at where clicks stand among all items, whatever else the data has.
bool monitors_ranks(const std::string& monitor);
// Higher is better; NaN where the metric is undefined. `task`: one of several, empty for their
// mean.
double monitored(const std::string& monitor, const Metrics& metrics, const std::string& task = "");

struct EarlyStop {
  double best = 0;         // of the monitor; meaningless while best_epoch is 0
  int64_t best_epoch = 0;  // 0: none yet
  int64_t best_step = 0;   // after which the best weights stood
  int64_t waiting = 0;     // epochs since

  // After an epoch; true when it was better by at least `least`. NaN never is.
  bool observe(double value, double least, int64_t epoch, int64_t step) {
    const bool better = best_epoch == 0 ? value == value : value >= best + least && value > best;
    waiting = better ? 0 : waiting + 1;
    if (better) {
      best = value;
      best_epoch = epoch;
      best_step = step;
    }
    return better;
  }

  bool operator==(const EarlyStop&) const = default;
};

}  // namespace ctr
