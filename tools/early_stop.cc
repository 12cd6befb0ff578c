#include "tools/early_stop.h"

#include <algorithm>

#include "engine/check.h"

namespace ctr {

std::vector<std::string> monitor_names() {
  return {"auc", "logloss", "auc-logloss", "mean_auc", "wauc", "gauc"};
}

double monitored(const std::string& monitor, const Metrics& metrics, const std::string& task) {
  if (!task.empty()) {
    const auto found = std::find_if(metrics.tasks.begin(), metrics.tasks.end(),
                                    [&](const Metrics& one) { return one.task == task; });
    CTR_ASSERT(found != metrics.tasks.end());
    return monitored(monitor, *found);
  }
  if (monitor == "auc") return metrics.auc;
  if (monitor == "logloss") return -metrics.logloss;
  if (monitor == "auc-logloss") return metrics.auc - metrics.logloss;
  if (monitor == "mean_auc") return metrics.mean_auc;
  if (monitor == "wauc") return metrics.wauc;
  CTR_ASSERT(monitor == "gauc");
  return metrics.gauc;
}

}  // namespace ctr
