#include "tools/metrics.h"

namespace ctr {

Metrics measure(std::span<const double> probability, std::span<const double> label,
                std::span<const int64_t> domain, int64_t domains) {
  const GroupAuc groups = group_auc(probability, label, domain, domains);
  return {auc(probability, label), log_loss(probability, label), groups.mean,
          groups.weighted,         pcoc(probability, label),     groups.by_group};
}

}  // namespace ctr
