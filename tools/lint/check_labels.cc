// Empty and one-class splits and domains, and click rates that change.

#include <cmath>
#include <limits>

#include "engine/check.h"
#include "tools/lint/checks.h"

namespace ctr {
namespace {

constexpr double kRateChange = 0.2;    // relative
constexpr double kRateDeviations = 5;  // standard deviations

// How a split's click rate differs from the training split's, or an empty string.
std::string rate_change(int64_t train_clicks, int64_t train_rows, int64_t clicks, int64_t rows) {
  const auto n = static_cast<double>(train_rows), m = static_cast<double>(rows);
  const double p = static_cast<double>(train_clicks) / n, q = static_cast<double>(clicks) / m;
  const double mean = static_cast<double>(train_clicks + clicks) / (n + m);
  const double deviation = std::sqrt(mean * (1 - mean) * (1 / n + 1 / m));
  if (std::abs(p - q) < kRateChange * p || std::abs(p - q) < kRateDeviations * deviation) return "";
  return fmt::format("click rate {:.4f}, in train {:.4f}", q, p);
}

void check_domains(const LintInput& input, LintReport& report) {
  for (const DomainFacts& domain : report.domains) {
    for (size_t s = 0; s < kSplitNames.size(); ++s) {
      const std::string subject = fmt::format("{}, {}", domain.name, kSplitNames[s]);
      if (input.profile.rows[s] == 0) continue;
      if (domain.rows[s] == 0) {
        report.findings.push_back({Verdict::warning, "domain", subject, "has no rows",
                                   s == 0 ? "models cannot learn it; leave the domain out"
                                          : "it is missing from this split's averages"});
      } else if (domain.clicks[s] == 0 || domain.clicks[s] == domain.rows[s]) {
        report.findings.push_back(
            {Verdict::warning, "one class", subject,
             fmt::format("all {} rows are {}", domain.rows[s],
                         domain.clicks[s] == 0 ? "without a click" : "clicks"),
             "it has no AUC and is left out of mean AUC and WAUC"});
      } else if (s > 0 && domain.rows[0] > 0) {
        const std::string change =
            rate_change(domain.clicks[0], domain.rows[0], domain.clicks[s], domain.rows[s]);
        if (!change.empty()) {
          report.findings.push_back({Verdict::warning, "click rate", subject, change,
                                     "probabilities will be off there; see how the splits were "
                                     "made"});
        }
      }
    }
  }
}

void check_splits(const LintInput& input, LintReport& report) {
  const auto& rows = input.profile.rows;
  const auto& clicks = input.profile.clicks;
  for (size_t s = 0; s < kSplitNames.size(); ++s) {
    if (rows[s] == 0) {
      report.findings.push_back({s == 0 ? Verdict::problem : Verdict::warning, "split",
                                 kSplitNames[s], "has no rows",
                                 s == 0   ? "nothing can be trained on it"
                                 : s == 1 ? "early stopping needs it"
                                          : "there is nothing to report on"});
    } else if (clicks[s] == 0 || clicks[s] == rows[s]) {
      report.findings.push_back({Verdict::problem, "one class", kSplitNames[s],
                                 fmt::format("all {} rows are {}", rows[s],
                                             clicks[s] == 0 ? "without a click" : "clicks"),
                                 "no AUC exists; see how the label is read, or draw negatives"});
    } else if (s > 0 && rows[0] > 0) {
      const std::string change = rate_change(clicks[0], rows[0], clicks[s], rows[s]);
      if (!change.empty()) {
        report.findings.push_back(
            {Verdict::warning, "click rate", kSplitNames[s], change,
             "probabilities will be off there; see how the splits were made"});
      }
    }
  }
}

}  // namespace

void check_labels(const LintInput& input, LintReport& report) {
  check_splits(input, report);
  const Schema& schema = input.data.schema;
  const int64_t index = schema.index_of(FieldRole::domain);
  if (index < 0) return;
  const auto& values = input.profile.fields[static_cast<size_t>(index)].values;
  for (size_t d = 0; d < static_cast<size_t>(schema.domains); ++d) {
    DomainFacts& facts = report.domains.emplace_back();
    facts.name = schema.domain_name(d);
    facts.popularity_auc = std::numeric_limits<double>::quiet_NaN();
    for (size_t s = 0; s < kSplitNames.size(); ++s) {
      facts.rows[s] = values[s].rows[d];
      facts.clicks[s] = values[s].clicks[d];
    }
  }
  check_domains(input, report);
}

}  // namespace ctr
