#pragma once
// Everything that `evaluate` reports on scored rows.

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "tools/metrics/bootstrap.h"
#include "tools/metrics/ranking.h"
#include "tools/scores.h"
#include "tools/slices.h"

namespace ctr {

// none: no intervals. delong: of AUC and the domains' AUC, and from these of mean AUC and WAUC
// (rows of different domains are independent); GAUC has none. bootstrap: of all, over groups.
enum class IntervalMethod : uint8_t { none, delong, bootstrap };

struct Estimate {
  double value = 0;
  std::optional<Interval> interval = {};
};

struct Evaluation {
  struct Domain {
    std::string name;
    int64_t rows = 0;
    int64_t clicks = 0;
    Estimate auc;  // NaN with one class
  };

  std::string run, data, split;  // what was scored; for the report
  std::string task = {};         // one of several
  int64_t rows = 0;
  int64_t clicks = 0;
  Estimate auc;
  double auc500 = 0;
  double logloss = 0;
  double pcoc = 0;
  Estimate mean_auc, wauc;       // over domains
  Estimate gauc, gauc_plain;     // over groups: by rows, and plain; NaN without groups
  int64_t groups = 0;            // in GAUC
  int64_t one_class_groups = 0;  // left out of it
  Ranking ranking;               // within groups; empty where none was asked for
  Ranking among_all;             // among all items, or samples of them; the same
  int64_t samples = 0;           // 0: among all
  // e to the mean of −ln of the softmax over all items at the clicked one; NaN where not asked for
  double perplexity = std::numeric_limits<double>::quiet_NaN();
  std::vector<Domain> domains;                 // those with rows
  std::vector<std::string> one_class_domains;  // left out of mean AUC and WAUC
  std::vector<Slice> slices;
};

struct EvaluationOptions {
  IntervalMethod intervals = IntervalMethod::delong;
  BootstrapOptions bootstrap;
  std::vector<int64_t> rank_at = {};  // k of HR, MRR and NDCG within groups
};

// `run`, `data`, `split` and `slices` are left empty. Throws kind data without rows.
Evaluation evaluate_scores(const Scores& scores, const Schema& schema,
                           const EvaluationOptions& options);

// One JSON object; numbers that are not defined are null.
std::string json_of(const Evaluation& evaluation);

}  // namespace ctr
