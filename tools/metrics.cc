#include "tools/metrics.h"

#include <algorithm>
#include <cmath>

namespace ctr {
namespace {

// The mean of what is defined; NaN where nothing is.
double mean_of(const std::vector<Metrics>& tasks, const auto& value) {
  double sum = 0, count = 0;
  for (const Metrics& task : tasks) {
    const double x = value(task);
    if (std::isnan(x)) continue;
    sum += x;
    count += 1;
  }
  return count > 0 ? sum / count : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

Metrics measure(std::span<const double> probability, std::span<const double> label,
                std::span<const int64_t> domain, int64_t domains, std::span<const int64_t> group) {
  const GroupAuc by_domain = group_auc(probability, label, domain, domains);
  Metrics metrics{auc(probability, label), log_loss(probability, label), by_domain.mean,
                  by_domain.weighted,      pcoc(probability, label),     by_domain.by_group};
  if (!group.empty()) {
    const int64_t groups = *std::max_element(group.begin(), group.end()) + 1;
    metrics.gauc = group_auc(probability, label, group, groups).weighted;
  }
  return metrics;
}

Metrics over_tasks(std::vector<Metrics> tasks) {
  Metrics mean;
  for (double Metrics::*member : {&Metrics::auc, &Metrics::logloss, &Metrics::mean_auc,
                                  &Metrics::wauc, &Metrics::pcoc, &Metrics::gauc})
    mean.*member = mean_of(tasks, [&](const Metrics& task) { return task.*member; });
  for (size_t d = 0; d < tasks.front().domain_auc.size(); ++d)
    mean.domain_auc.push_back(
        mean_of(tasks, [&](const Metrics& task) { return task.domain_auc[d]; }));
  mean.tasks = std::move(tasks);
  return mean;
}

}  // namespace ctr
