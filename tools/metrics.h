#pragma once
// Metrics of scored rows. Definitions: docs/training.md.

#include <cstdint>
#include <span>
#include <vector>

namespace ctr {

// Area under the ROC curve: the share of (click, no click) pairs in order, ties count ½. NaN when a
// class is missing.
double auc(std::span<const double> score, std::span<const double> label);

// Mean of −log of the probability given to what happened; probabilities are clipped to [1e-7, 1 −
// 1e-7].
double log_loss(std::span<const double> probability, std::span<const double> label);

// AUC within groups. Groups with one class are left out of both averages.
struct GroupAuc {
  std::vector<double> by_group;  // NaN where left out
  double mean = 0;               // plain
  double weighted = 0;           // by rows
};
GroupAuc group_auc(std::span<const double> score, std::span<const double> label,
                   std::span<const int64_t> group, int64_t groups);

// All that training reports.
struct Metrics {
  double auc = 0;
  double logloss = 0;
  double mean_auc = 0;  // over domains
  double wauc = 0;      // over domains, by rows
  double pcoc = 0;      // predicted over observed clicks
  std::vector<double> domain_auc;
};
Metrics measure(std::span<const double> probability, std::span<const double> label,
                std::span<const int64_t> domain, int64_t domains);

}  // namespace ctr
