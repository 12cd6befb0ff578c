#include "tools/early_stop.h"

#include "engine/check.h"

namespace ctr {

std::vector<std::string> monitor_names() {
  return {"auc", "logloss", "auc-logloss", "mean_auc", "wauc", "gauc"};
}

double monitored(const std::string& monitor, const Metrics& metrics) {
  if (monitor == "auc") return metrics.auc;
  if (monitor == "logloss") return -metrics.logloss;
  if (monitor == "auc-logloss") return metrics.auc - metrics.logloss;
  if (monitor == "mean_auc") return metrics.mean_auc;
  if (monitor == "wauc") return metrics.wauc;
  CTR_ASSERT(monitor == "gauc");
  return metrics.gauc;
}

}  // namespace ctr
