#include "tools/metrics/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/check.h"
#include "engine/parallel.h"
#include "engine/rng.h"
#include "tools/metrics/group_auc.h"

namespace ctr {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// A set of rows in ascending order of score, ready for AUCs under other weights.
struct Ranking {
  std::vector<int64_t> unit;      // what is drawn: the row's group
  std::vector<uint8_t> click;     // 0 or 1
  std::vector<uint8_t> new_step;  // 1 where the score is above the one before
};

Ranking rank(const ScoredRows& rows, const std::vector<int64_t>& unit,
             std::vector<int64_t> members) {
  std::stable_sort(members.begin(), members.end(), [&](int64_t a, int64_t b) {
    return rows.score[static_cast<size_t>(a)] < rows.score[static_cast<size_t>(b)];
  });
  Ranking ranking;
  double last = kNaN;
  for (int64_t member : members) {
    const auto row = static_cast<size_t>(member);
    ranking.unit.push_back(unit[row]);
    ranking.click.push_back(rows.label[row] > 0.5 ? 1 : 0);
    ranking.new_step.push_back(rows.score[row] == last ? 0 : 1);
    last = rows.score[row];
  }
  return ranking;
}

struct WeightedAuc {
  double auc = kNaN;
  double rows = 0;
};

// `times`: how often each unit was drawn.
WeightedAuc weighted_auc(const Ranking& ranking, const std::vector<int32_t>& times) {
  double pairs = 0, clicks = 0, others = 0, tied_clicks = 0, tied_others = 0;
  auto close_step = [&] {
    pairs += tied_clicks * (others + tied_others / 2);
    clicks += tied_clicks;
    others += tied_others;
    tied_clicks = tied_others = 0;
  };
  for (size_t i = 0; i < ranking.unit.size(); ++i) {
    if (ranking.new_step[i] != 0) close_step();
    const double weight = times[static_cast<size_t>(ranking.unit[i])];
    (ranking.click[i] != 0 ? tied_clicks : tied_others) += weight;
  }
  close_step();
  WeightedAuc result;
  result.rows = clicks + others;
  if (clicks > 0 && others > 0) result.auc = pairs / (clicks * others);
  return result;
}

// What is drawn: groups that have rows, numbered densely; or rows.
struct Units {
  std::vector<int64_t> of_row;
  int64_t count = 0;
  std::vector<double> auc;   // of each group; NaN with one class; empty without groups
  std::vector<double> rows;  // of each group
};

Units units_of(const ScoredRows& rows) {
  Units units;
  units.of_row.resize(rows.score.size());
  if (rows.group.empty()) {
    std::iota(units.of_row.begin(), units.of_row.end(), int64_t{0});
    units.count = static_cast<int64_t>(rows.score.size());
    return units;
  }
  const GroupAuc groups = group_auc(rows.score, rows.label, rows.group, rows.groups);
  std::vector<int64_t> dense(static_cast<size_t>(rows.groups), -1);
  for (size_t g = 0; g < dense.size(); ++g) {
    if (groups.rows[g] == 0) continue;
    dense[g] = units.count++;
    units.auc.push_back(groups.by_group[g]);
    units.rows.push_back(static_cast<double>(groups.rows[g]));
  }
  for (size_t i = 0; i < rows.group.size(); ++i)
    units.of_row[i] = dense[static_cast<size_t>(rows.group[i])];
  return units;
}

// The metrics of one replicate, in this order; the domains' AUCs follow.
enum Column : size_t { kAuc, kMean, kWeighted, kGauc, kGaucPlain, kFirstDomain };

// Fills `out` with the metrics of the rows under these weights.
void measure(const Ranking& all, const std::vector<Ranking>& domains, const Units& units,
             const std::vector<int32_t>& times, double* out) {
  out[kAuc] = weighted_auc(all, times).auc;
  double mean = 0, counted = 0, weighted = 0, rows = 0;
  for (size_t d = 0; d < domains.size(); ++d) {
    const WeightedAuc domain = weighted_auc(domains[d], times);
    out[kFirstDomain + d] = domain.auc;
    if (std::isnan(domain.auc)) continue;
    mean += domain.auc;
    counted += 1;
    weighted += domain.rows * domain.auc;
    rows += domain.rows;
  }
  out[kMean] = mean / counted;  // 0 / 0 is NaN
  out[kWeighted] = weighted / rows;
  mean = counted = weighted = rows = 0;
  for (size_t u = 0; u < units.auc.size(); ++u) {
    if (times[u] == 0 || std::isnan(units.auc[u])) continue;
    mean += times[u] * units.auc[u];
    counted += times[u];
    weighted += times[u] * units.rows[u] * units.auc[u];
    rows += times[u] * units.rows[u];
  }
  out[kGauc] = weighted / rows;
  out[kGaucPlain] = mean / counted;
}

Interval percentiles(std::vector<double> values, double confidence) {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  if (values.empty()) return {kNaN, kNaN, kNaN};
  std::sort(values.begin(), values.end());
  auto at = [&](double share) {
    const double place = share * static_cast<double>(values.size() - 1);
    const auto left = static_cast<size_t>(place);
    const size_t right = std::min(left + 1, values.size() - 1);
    return values[left] + (place - static_cast<double>(left)) * (values[right] - values[left]);
  };
  const auto count = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  double square = 0;
  for (double value : values) square += (value - mean) * (value - mean);
  const double error = values.size() < 2 ? kNaN : std::sqrt(square / (count - 1));
  return {at((1 - confidence) / 2), at((1 + confidence) / 2), error};
}

}  // namespace

BootstrapIntervals bootstrap(const ScoredRows& rows, const BootstrapOptions& options) {
  CTR_CHECK(options.replicates >= 1, "bootstrap: needs at least one replicate, got {}",
            options.replicates);
  CTR_CHECK(options.confidence > 0 && options.confidence < 1,
            "bootstrap: the confidence must lie between 0 and 1, got {}", options.confidence);
  const Units units = units_of(rows);
  std::vector<int64_t> everyone(rows.score.size());
  std::iota(everyone.begin(), everyone.end(), int64_t{0});
  const Ranking all = rank(rows, units.of_row, everyone);
  const RowsByGroup by_domain(rows.domain, rows.domains);
  std::vector<Ranking> domains;
  for (int64_t d = 0; d < rows.domains; ++d) {
    const std::span<const int64_t> members = by_domain.rows(d);
    domains.push_back(rank(rows, units.of_row, {members.begin(), members.end()}));
  }

  const size_t width = kFirstDomain + domains.size();
  std::vector<double> table(static_cast<size_t>(options.replicates) * width);
  parallel_for(options.replicates, 1, [&](int64_t begin, int64_t end) {
    std::vector<int32_t> times(static_cast<size_t>(units.count));
    for (int64_t r = begin; r < end; ++r) {
      std::fill(times.begin(), times.end(), 0);
      const RandomStream draws{options.seed, stream_of("bootstrap"), static_cast<uint32_t>(r)};
      for (int64_t u = 0; u < units.count; ++u)
        ++times[draws.below(static_cast<uint64_t>(units.count), static_cast<uint64_t>(u))];
      measure(all, domains, units, times, table.data() + static_cast<size_t>(r) * width);
    }
  });

  auto interval = [&](size_t column) {
    std::vector<double> values;
    for (size_t at = column; at < table.size(); at += width) values.push_back(table[at]);
    return percentiles(std::move(values), options.confidence);
  };
  BootstrapIntervals result{interval(kAuc),  interval(kMean),      interval(kWeighted),
                            interval(kGauc), interval(kGaucPlain), {}};
  for (size_t d = 0; d < domains.size(); ++d)
    result.by_domain.push_back(interval(kFirstDomain + d));
  return result;
}

}  // namespace ctr
