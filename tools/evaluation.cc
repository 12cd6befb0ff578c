#include "tools/evaluation.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/check.h"

namespace ctr {
namespace {

ScoredRows rows_of(const Scores& scores, const Schema& schema) {
  ScoredRows rows{scores.probability, scores.label, scores.domain, schema.domains, {}, 0};
  if (!scores.group.empty()) {
    rows.group = scores.group;
    rows.groups = *std::max_element(scores.group.begin(), scores.group.end()) + 1;
  }
  return rows;
}

void add_delong(Evaluation& result, const Scores& scores, const Schema& schema,
                const GroupAuc& domains, double confidence) {
  result.auc.interval = delong(scores.probability, scores.label, confidence).interval;
  const RowsByGroup grouped(scores.domain, schema.domains);
  double all_rows = 0;
  for (size_t d = 0; d < domains.rows.size(); ++d)
    if (!std::isnan(domains.by_group[d])) all_rows += static_cast<double>(domains.rows[d]);
  double mean_variance = 0, weighted_variance = 0;
  auto place = result.domains.begin();
  for (int64_t d = 0; d < schema.domains; ++d) {
    std::vector<double> score, label;
    for (int64_t row : grouped.rows(d)) {
      score.push_back(scores.probability[static_cast<size_t>(row)]);
      label.push_back(scores.label[static_cast<size_t>(row)]);
    }
    if (score.empty()) continue;
    const AucEstimate estimate = delong(score, label, confidence);
    (place++)->auc.interval = estimate.interval;
    if (std::isnan(estimate.auc)) continue;
    const double weight = static_cast<double>(score.size()) / all_rows;
    weighted_variance += weight * weight * estimate.variance;
    mean_variance += estimate.variance;
  }
  const auto counted = static_cast<double>(domains.counted);
  result.mean_auc.interval =
      normal_interval(domains.mean, mean_variance / counted / counted, confidence, 0, 1);
  result.wauc.interval = normal_interval(domains.weighted, weighted_variance, confidence, 0, 1);
}

void add_bootstrap(Evaluation& result, const ScoredRows& rows, const GroupAuc& domains,
                   const BootstrapOptions& options) {
  const BootstrapIntervals intervals = bootstrap(rows, options);
  result.auc.interval = intervals.auc;
  result.mean_auc.interval = intervals.mean_auc;
  result.wauc.interval = intervals.wauc;
  if (!rows.group.empty()) {
    result.gauc.interval = intervals.gauc;
    result.gauc_plain.interval = intervals.gauc_plain;
  }
  auto place = result.domains.begin();
  for (size_t d = 0; d < domains.rows.size(); ++d)
    if (domains.rows[d] > 0) (place++)->auc.interval = intervals.by_domain[d];
}

}  // namespace

Evaluation evaluate_scores(const Scores& scores, const Schema& schema,
                           const EvaluationOptions& options) {
  CTR_CHECK_DATA(!scores.label.empty(), "evaluate: the split has no rows; choose another --split");
  const ScoredRows rows = rows_of(scores, schema);
  Evaluation result;
  result.rows = static_cast<int64_t>(scores.label.size());
  result.clicks =
      std::count_if(scores.label.begin(), scores.label.end(), [](double y) { return y > 0.5; });
  result.auc.value = auc(scores.probability, scores.label);
  result.auc500 = auc500(scores.probability, scores.label);
  result.logloss = log_loss(scores.probability, scores.label);
  result.pcoc = pcoc(scores.probability, scores.label);
  const GroupAuc domains =
      group_auc(scores.probability, scores.label, scores.domain, schema.domains);
  result.mean_auc.value = domains.mean;
  result.wauc.value = domains.weighted;
  for (size_t d = 0; d < domains.rows.size(); ++d) {
    if (domains.rows[d] == 0) continue;
    result.domains.push_back(
        {schema.domain_name(d), domains.rows[d], domains.clicks[d], {domains.by_group[d]}});
  }
  for (int64_t d : domains.left_out)
    result.one_class_domains.push_back(schema.domain_name(static_cast<size_t>(d)));
  result.gauc.value = result.gauc_plain.value = std::numeric_limits<double>::quiet_NaN();
  if (!rows.group.empty()) {
    const GroupAuc groups = group_auc(rows.score, rows.label, rows.group, rows.groups);
    result.gauc.value = groups.weighted;
    result.gauc_plain.value = groups.mean;
    result.groups = groups.counted;
    result.one_class_groups = static_cast<int64_t>(groups.left_out.size());
  }
  if (!options.rank_at.empty()) {
    CTR_CHECK_DATA(!rows.group.empty(),
                   "evaluate: '{}' has neither a group nor a user field, and clicks are ranked "
                   "among the rows of theirs; leave --rank-at out",
                   schema.name);
    result.ranking =
        rank_within_groups(rows.score, rows.label, rows.group, rows.groups, options.rank_at);
  }
  if (options.intervals == IntervalMethod::delong)
    add_delong(result, scores, schema, domains, options.bootstrap.confidence);
  if (options.intervals == IntervalMethod::bootstrap)
    add_bootstrap(result, rows, domains, options.bootstrap);
  return result;
}

}  // namespace ctr
