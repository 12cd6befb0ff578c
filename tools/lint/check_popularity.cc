// The baseline that every model must beat.

#include <limits>
#include <unordered_map>

#include "engine/check.h"
#include "tools/lint/checks.h"

namespace ctr {
namespace {

constexpr double kStrongBaseline = 0.8;

struct Shown {
  int64_t rows = 0;
  int64_t clicks = 0;
};

// Held-out rows of each (domain, item) pair.
std::unordered_map<int64_t, Shown> shown_pairs(const LintInput& input, int64_t item, int64_t domain,
                                               int64_t items) {
  std::unordered_map<int64_t, Shown> pairs;
  const BlockFile& blocks = input.data.blocks(static_cast<Split>(input.held));
  for (int64_t b = 0; b < blocks.blocks(); ++b) {
    const BlockView& block = blocks.block(b);
    const std::span<const int32_t> ids = block.ids(item);
    for (size_t i = 0; i < ids.size(); ++i) {
      const int64_t d = domain < 0 ? 0 : block.ids(domain)[i];
      Shown& shown = pairs[d * items + ids[i]];
      ++shown.rows;
      shown.clicks += block.labels(0)[i] > 0.5f ? 1 : 0;
    }
  }
  return pairs;
}

}  // namespace

void check_popularity(const LintInput& input, LintReport& report) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  report.popularity_auc = nan;
  const Schema& schema = input.data.schema;
  const int64_t item = schema.index_of(FieldRole::item);
  if (item < 0 || input.held == 0) return;
  const Field& field = schema.fields[static_cast<size_t>(item)];
  if (field.type != FieldType::categorical) return;
  const auto& values = input.profile.fields[static_cast<size_t>(item)].values;
  report.popularity_auc = rate_auc(values[0], values[input.held]);
  const std::vector<double> rates = smoothed_rates(values[0]);
  std::vector<std::vector<double>> score(report.domains.size());
  std::vector<std::vector<int64_t>> rows(score.size()), clicks(score.size());
  if (!report.domains.empty()) {
    const int64_t domain = schema.index_of(FieldRole::domain);
    for (const auto& [key, shown] : shown_pairs(input, item, domain, field.vocabulary)) {
      const auto d = static_cast<size_t>(key / field.vocabulary);
      score[d].push_back(rates[static_cast<size_t>(key % field.vocabulary)]);
      rows[d].push_back(shown.rows);
      clicks[d].push_back(shown.clicks);
    }
  }
  for (size_t d = 0; d < score.size(); ++d)
    report.domains[d].popularity_auc = counted_auc(score[d], rows[d], clicks[d]);
  report.findings.push_back(
      {report.popularity_auc > kStrongBaseline ? Verdict::warning : Verdict::info, "popularity",
       field.name,
       fmt::format("the item's click rate alone ranks {} with AUC {:.4f}", report.held_out,
                   report.popularity_auc),
       report.popularity_auc > kStrongBaseline
           ? "report gains over it; negatives drawn uniformly over items make popular items look "
             "clicked, so draw them by popularity"
           : "report gains over it"});
}

}  // namespace ctr
