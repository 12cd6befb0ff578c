#include "tools/early_stop.h"

#include <algorithm>
#include <cmath>

#include "engine/check.h"

namespace ctr {

std::vector<std::string> monitor_names() {
  std::vector<std::string> names{"auto",     "auc",  "logloss", "auc-logloss",
                                 "mean_auc", "wauc", "gauc"};
  for (const auto& [name, value] : kRankMetrics) names.emplace_back(name);
  return names;
}

bool monitors_ranks(const std::string& monitor) {
  return std::any_of(std::begin(kRankMetrics), std::end(kRankMetrics),
                     [&](const auto& one) { return monitor == one.first; });
}

double monitored(const std::string& monitor, const Metrics& metrics, const std::string& task) {
  if (!task.empty()) {
    const auto found = std::find_if(metrics.tasks.begin(), metrics.tasks.end(),
                                    [&](const Metrics& one) { return one.task == task; });
    CTR_ASSERT(found != metrics.tasks.end());
    return monitored(monitor, *found);
  }
  if (monitor == "auto") return std::isnan(metrics.auc) ? metrics.ranking.ndcg10 : metrics.auc;
  if (monitor == "auc") return metrics.auc;
  if (monitor == "logloss") return -metrics.logloss;
  if (monitor == "auc-logloss") return metrics.auc - metrics.logloss;
  if (monitor == "mean_auc") return metrics.mean_auc;
  if (monitor == "wauc") return metrics.wauc;
  if (monitor == "gauc") return metrics.gauc;
  const auto* found = std::find_if(std::begin(kRankMetrics), std::end(kRankMetrics),
                                   [&](const auto& one) { return monitor == one.first; });
  CTR_ASSERT(found != std::end(kRankMetrics));
  return metrics.ranking.*found->second;
}

}  // namespace ctr
