#include "io/prepare/interaction_rule.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

#include "engine/check.h"
#include "io/prepare/negatives.h"
#include "io/prepare/numbers.h"
#include "io/prepare/split_assignment.h"

namespace ctr {
namespace {

constexpr uint64_t kSplitStream = 0x5B117;
constexpr double kShareUnits = 1e6;  // a share's decimals that count

// Row numbers of each domain and class (negatives, positives), in order.
std::vector<std::vector<size_t>> classes_of(const Interactions& table) {
  std::vector<std::vector<size_t>> classes(2 * table.domains.size());
  for (size_t r = 0; r < table.rows.size(); ++r) {
    const Interaction& row = table.rows[r];
    classes[2 * static_cast<size_t>(row.domain) + (row.positive ? 1 : 0)].push_back(r);
  }
  return classes;
}

void split_at_random(Interactions& table, std::span<const size_t> rows, const SplitRule& rule,
                     uint64_t seed, size_t number) {
  const RandomStream random{seed, kSplitStream, static_cast<uint32_t>(number)};
  const std::vector<Split> splits = split_rows(std::ssize(rows), rule, random);
  for (size_t i = 0; i < rows.size(); ++i) table.rows[rows[i]].split = splits[i];
}

void sort_by_time(const Interactions& table, std::vector<size_t>& rows) {
  std::stable_sort(rows.begin(), rows.end(),
                   [&](size_t a, size_t b) { return table.rows[a].time < table.rows[b].time; });
}

}  // namespace

RatingRule::RatingRule(const std::string& text) {
  if (text == "all") return;
  std::string_view rest = text;
  kind_ = Kind::equal;
  if (rest.starts_with(">=")) {
    kind_ = Kind::at_least;
    rest.remove_prefix(2);
  } else if (rest.starts_with(">")) {
    kind_ = Kind::above;
    rest.remove_prefix(1);
  } else if (rest.starts_with("==")) {
    rest.remove_prefix(2);
  }
  CTR_CHECK(parse_finite(rest, bound_),
            "prepare: --positive takes 'all' or a comparison such as '>3', '>=4' or '==5', got "
            "'{}'",
            text);
}

bool RatingRule::positive(double rating) const {
  switch (kind_) {
    case Kind::all:
      return true;
    case Kind::above:
      return rating > bound_;
    case Kind::at_least:
      return rating >= bound_;
    case Kind::equal:
      return rating == bound_;
  }
  return false;
}

void InteractionRule::add_options(OptionList& list) {
  list.add({"positive", &positive, "ratings that are clicks: all, >3, >=4, ==5"});
  list.add({"drop", &drop, "ratings to leave out, such as 3"});
  list.add({"negatives",
            &negatives,
            "draw negatives: none, every item alike, or by clicks in the domain",
            {"none", "uniform", "popularity"}});
  list.add({"negative_ratio", &negative_ratio,
            "clicks per negative: spec (0.20 to 0.50 by domain, as published) or a number"});
  list.add({"split", &split,
            "keep, spec (.6/.2/.2 of each domain and class), time, time-random, or shares as "
            "0.8,0.1,0.1"});
  list.add({"drop_duplicates", &drop_duplicates, "keep the first of equal pairs in a domain"});
  list.add({"seed", &seed, "of negatives and splits", {}, 0, 9e15});
}

void InteractionRule::check() const {
  RatingRule{positive};
  double ratio = 0;
  CTR_CHECK(negative_ratio == "spec" ||
                (parse_finite(negative_ratio, ratio) && ratio >= 1e-6 && ratio <= 1e6),
            "prepare: --negative-ratio takes 'spec' or a number of clicks per negative, got '{}'",
            negative_ratio);
  shares();
}

SplitRule InteractionRule::shares() const {
  if (split == "spec" || split == "keep" || split == "time" || split == "time-random") return {};
  CTR_CHECK(split.find_first_not_of("0123456789.,:eE+-") == std::string::npos,
            "prepare: --split takes keep, spec, time, time-random or shares as 0.8,0.1,0.1; got "
            "'{}'",
            split);
  const SplitShares given = split_shares(split);
  const double sum = given.train + given.valid + given.test;
  return {std::llround(given.train / sum * kShareUnits),
          std::llround(given.valid / sum * kShareUnits),
          std::llround(given.test / sum * kShareUnits)};
}

void InteractionRule::apply(Interactions& table) const {
  label(table);
  if (drop_duplicates) remove_duplicates(table);
  if (split != "keep") assign_splits(table);
  if (negatives != "none") add_negatives(table);
}

void InteractionRule::label(Interactions& table) const {
  const RatingRule rule(positive);
  for (Interaction& row : table.rows) row.positive = rule.positive(row.rating);
  std::erase_if(table.rows, [&](const Interaction& row) {
    const bool dropped = std::any_of(drop.begin(), drop.end(), [&](int64_t rating) {
      return row.rating == static_cast<double>(rating);
    });
    return dropped || (negatives != "none" && !row.positive);
  });
}

// Equal user and item in a domain, where the published data has it so also equal rating
// (rated_again) and, under time-random, equal time.
void InteractionRule::remove_duplicates(Interactions& table) const {
  const bool times = split == "time-random";
  auto key = [&](size_t r) {
    const Interaction& row = table.rows[r];
    return std::make_tuple(row.domain, row.user, row.item, rated_again ? row.rating : 0,
                           times ? row.time : 0);
  };
  std::vector<size_t> order(table.rows.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return key(a) < key(b); });
  std::vector<char> repeated(table.rows.size());
  for (size_t i = 1; i < order.size(); ++i)
    repeated[order[i]] = key(order[i]) == key(order[i - 1]) ? 1 : 0;
  size_t kept = 0;
  for (size_t r = 0; r < table.rows.size(); ++r)
    if (repeated[r] == 0) table.rows[kept++] = table.rows[r];
  table.rows.resize(kept);
}

void InteractionRule::assign_splits(Interactions& table) const {
  std::vector<std::vector<size_t>> classes = classes_of(table);
  const auto seed64 = static_cast<uint64_t>(seed);
  if (split != "time" && split != "time-random") {
    for (size_t c = 0; c < classes.size(); ++c)
      split_at_random(table, classes[c], shares(), seed64, c);
    return;
  }
  const bool times = std::any_of(table.rows.begin(), table.rows.end(),
                                 [](const Interaction& row) { return row.time != 0; });
  CTR_CHECK_DATA(times || table.rows.empty(),
                 "prepare: --split {} needs times, the input has none; use --split spec", split);
  for (size_t d = 0; d < table.domains.size(); ++d) {
    std::vector<size_t>& rows = classes[2 * d];
    rows.insert(rows.end(), classes[2 * d + 1].begin(), classes[2 * d + 1].end());
    std::sort(rows.begin(), rows.end());
    sort_by_time(table, rows);
    for (size_t r : rows) table.rows[r].split = Split::train;
    if (split == "time") {
      const size_t test = rows.size() / 10, valid = (rows.size() - test) / 10;
      for (size_t i = 0; i < test + valid; ++i)
        table.rows[rows[rows.size() - 1 - i]].split = i < test ? Split::test : Split::valid;
    } else {
      const SplitSizes sizes = split_sizes(std::ssize(rows));
      const auto rest = std::span(rows).subspan(static_cast<size_t>(sizes.train));
      const RandomStream random{seed64, kSplitStream, static_cast<uint32_t>(2 * d)};
      // Half and half: all of `rest` by the second of the two calls.
      std::vector<Split> splits(rest.size(), Split::test);
      std::fill_n(splits.begin(), sizes.valid, Split::valid);
      shuffle(std::span(splits), random);
      for (size_t i = 0; i < rest.size(); ++i) table.rows[rest[i]].split = splits[i];
    }
  }
}

void InteractionRule::add_negatives(Interactions& table) const {
  std::vector<double> ratios = reference_ratios(static_cast<uint64_t>(seed), table.domains.size());
  if (double ratio = 0; parse_finite(negative_ratio, ratio))
    std::fill(ratios.begin(), ratios.end(), ratio);
  std::vector<std::vector<size_t>> classes = classes_of(table);
  for (size_t d = 0; d < table.domains.size(); ++d) {
    std::vector<Click> clicks;
    for (size_t r : classes[2 * d + 1]) {
      const Interaction& row = table.rows[r];
      clicks.push_back({row.user, row.item, row.split, static_cast<int64_t>(r)});
    }
    NegativeRule rule;
    rule.draw = negatives == "uniform" ? NegativeDraw::uniform : NegativeDraw::popularity;
    rule.ratio = ratios[d];
    rule.keep_split = split == "keep" || split == "time";
    rule.split = shares();
    rule.seed = static_cast<uint64_t>(seed);
    for (const Click& drawn : draw_negatives(clicks, static_cast<int32_t>(d), rule)) {
      Interaction row = table.rows[static_cast<size_t>(drawn.row)];
      row.item = drawn.item;
      row.split = drawn.split;
      row.rating = 0;
      row.positive = false;
      table.rows.push_back(row);
    }
  }
}

}  // namespace ctr
