#include "tools/metrics.h"

#include <algorithm>

namespace ctr {

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

}  // namespace ctr
