// Constant columns, missing and unseen values, rare tokens.

#include <algorithm>

#include "engine/check.h"
#include "tools/lint/checks.h"

namespace ctr {
namespace {

constexpr double kManyUnseen = 0.2;
constexpr double kManyMissing = 0.5;
constexpr double kManyOnce = 0.5;      // of the distinct tokens
constexpr int64_t kLargeTable = 1000;  // below it rare tokens cost nothing

// Ids of a field that stand for a value, not for missing or unseen ones.
bool is_value(const Field& field, size_t id) {
  return field.type == FieldType::numeric || static_cast<int64_t>(id) >= field.first_token();
}

void missing_and_unseen(const Field& field, const FieldProfile& counts, FieldFacts& facts) {
  for (size_t s = 0; s < kSplitNames.size(); ++s) {
    const ValueCounts& values = counts.values[s];
    const int64_t total = values.total();
    if (total == 0 || field.type == FieldType::numeric) continue;
    if (field.padding) facts.missing[s] = share(values.rows[0], total);
    int64_t unseen = 0;
    for (size_t id = 0; id < values.rows.size(); ++id) {
      const bool known = static_cast<int64_t>(id) != field.unseen_id() &&
                         (counts.values[0].rows[id] > 0 || !is_value(field, id));
      if (!known) unseen += values.rows[id];
    }
    facts.unseen[s] = share(unseen, total);
  }
}

void report_shares(const Field& field, const FieldFacts& facts, LintReport& report) {
  for (size_t s = 0; s < kSplitNames.size(); ++s) {
    const std::string subject = fmt::format("{}, {}", field.name, kSplitNames[s]);
    if (s > 0 && facts.unseen[s] > kManyUnseen) {
      report.findings.push_back(
          {Verdict::warning, "unseen", subject,
           fmt::format("{:.1f} % of its values were never trained on", 100 * facts.unseen[s]),
           "models see one shared row for them; split so that values repeat, hash the field, or "
           "lower min_count"});
    }
    if (facts.missing[s] > kManyMissing) {
      report.findings.push_back({Verdict::info, "missing", subject,
                                 fmt::format("{:.1f} % are missing", 100 * facts.missing[s]),
                                 "see whether the raw column is read as it should be"});
    }
  }
}

// The only value of a column in the training split, or that it has several.
bool is_constant(const Field& field, const FieldProfile& counts) {
  auto values = [](const ValueCounts& c) {
    return std::count_if(c.rows.begin(), c.rows.end(), [](int64_t n) { return n > 0; });
  };
  if (field.type == FieldType::numeric) return counts.least == counts.most;
  if (field.is_list()) return values(counts.values[0]) <= 1 && values(counts.lengths[0]) <= 1;
  return values(counts.values[0]) == 1;
}

}  // namespace

void check_columns(const LintInput& input, LintReport& report) {
  for (size_t f = 0; f < report.fields.size(); ++f) {
    const Field& field = input.data.schema.fields[f];
    const FieldProfile& counts = input.profile.fields[f];
    FieldFacts& facts = report.fields[f];
    int64_t once = 0;
    for (size_t id = 0; id < counts.values[0].rows.size(); ++id) {
      if (!is_value(field, id) || counts.values[0].rows[id] == 0) continue;
      ++facts.distinct;
      once += counts.values[0].rows[id] == 1 ? 1 : 0;
    }
    if (facts.distinct > 0) facts.once = share(once, facts.distinct);
    missing_and_unseen(field, counts, facts);
    report_shares(field, facts, report);
    if (input.profile.rows[0] > 0 && is_constant(field, counts)) {
      report.findings.push_back({Verdict::warning, "constant", field.name,
                                 "has one value in the whole training split",
                                 "it tells a model nothing; leave the column out"});
    }
    if (field.type != FieldType::numeric && field.vocabulary > kLargeTable &&
        facts.once > kManyOnce) {
      report.findings.push_back(
          {Verdict::info, "rare", field.name,
           fmt::format("{:.0f} % of its {} trained values occur once", 100 * facts.once,
                       facts.distinct),
           "a higher min_count makes a smaller table that often scores as well"});
    }
  }
}

}  // namespace ctr
