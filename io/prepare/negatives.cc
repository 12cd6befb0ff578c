#include "io/prepare/negatives.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <numeric>
#include <unordered_set>
#include <utility>

#include "engine/check.h"
#include "engine/rng.h"
#include "io/prepare/python_random.h"
#include "io/prepare/split_rule.h"

namespace ctr {
namespace {

enum Stream : uint64_t { kDrawStream = 0xD7A3, kPositiveStream, kNegativeStream };

// One domain: its clicks and the items that can be drawn.
struct Domain {
  std::vector<size_t> clicks;                    // rows of the positives
  std::vector<int32_t> items;                    // distinct, in the order of their first click
  std::map<int32_t, std::vector<size_t>> users;  // rows of each user's positives
};

std::vector<Domain> domains_of(const Interactions& data) {
  std::vector<Domain> domains(static_cast<size_t>(data.domains.size()));
  std::vector<std::unordered_set<int32_t>> seen(domains.size());
  for (size_t r = 0; r < data.rows.size(); ++r) {
    const Interaction& row = data.rows[r];
    const auto d = static_cast<size_t>(row.domain);
    if (seen[d].insert(row.item).second) domains[d].items.push_back(row.item);
    if (row.label <= 0.5f) continue;
    domains[d].clicks.push_back(r);
    domains[d].users[row.user].push_back(r);
  }
  return domains;
}

// Draws distinct items for one user, none of them in `clicked`.
class Drawer {
 public:
  Drawer(const Interactions& data, const Domain& domain, bool by_popularity, RandomStream random)
      : data_(data), domain_(domain), by_popularity_(by_popularity), random_(random) {}

  std::vector<int32_t> draw(const std::unordered_set<int32_t>& clicked, int64_t wanted,
                            uint64_t& element) {
    const auto pool = static_cast<int64_t>(domain_.items.size() - clicked.size());
    const int64_t count = std::min(wanted, pool);
    std::vector<int32_t> result;
    if (count <= 0) return result;
    if (2 * count >= pool) return from_pool(clicked, count, element);
    std::unordered_set<int32_t> drawn;
    const int64_t most = 64 * count + 1024;  // tries; a popular item may have been clicked
    for (int64_t tries = 0; static_cast<int64_t>(result.size()) < count; ++tries) {
      if (tries == most) return from_pool(clicked, count, element);
      const int32_t item = one(element);
      if (!clicked.contains(item) && drawn.insert(item).second) result.push_back(item);
    }
    return result;
  }

 private:
  int32_t one(uint64_t& element) const {
    if (!by_popularity_) return domain_.items[random_.below(domain_.items.size(), element++)];
    return data_.rows[domain_.clicks[random_.below(domain_.clicks.size(), element++)]].item;
  }

  // Of the pool as a list: without rejections.
  std::vector<int32_t> from_pool(const std::unordered_set<int32_t>& clicked, int64_t count,
                                 uint64_t& element) {
    std::vector<int32_t> pool;
    for (int32_t item : domain_.items) {
      if (!clicked.contains(item)) pool.push_back(item);
    }
    std::vector<uint64_t> weights(pool.size(), 1);
    if (by_popularity_) {
      for (size_t i = 0; i < pool.size(); ++i) weights[i] = clicks_of(pool[i]);
    }
    uint64_t sum = std::accumulate(weights.begin(), weights.end(), uint64_t{0});
    std::vector<int32_t> result;
    while (static_cast<int64_t>(result.size()) < count && sum > 0) {
      uint64_t place = random_.below(sum, element++);
      size_t i = 0;
      while (place >= weights[i]) place -= weights[i++];
      result.push_back(pool[i]);
      sum -= weights[i];
      weights[i] = weights.back();
      pool[i] = pool.back();
      weights.pop_back();
      pool.pop_back();
    }
    return result;
  }

  uint64_t clicks_of(int32_t item) {
    if (popularity_.empty()) {
      for (size_t r : domain_.clicks) ++popularity_[data_.rows[r].item];
    }
    return popularity_[item];
  }

  const Interactions& data_;
  const Domain& domain_;
  bool by_popularity_;
  RandomStream random_;
  std::unordered_map<int32_t, uint64_t> popularity_;
};

double ratio_of(const std::string& text) {
  double ratio = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), ratio);
  CTR_CHECK(code == std::errc() && end == text.data() + text.size() && ratio > 0 && ratio <= 1e6,
            "prepare: --negative-ratio takes `spec` or positives over negatives, such as 0.25; got "
            "'{}'",
            text);
  return ratio;
}

// The negatives of a domain; with `keep` a user's are drawn for each split of its positives.
std::vector<Interaction> negatives_of(const Interactions& data, const Domain& domain,
                                      int32_t number, double ratio, bool popularity, bool keep,
                                      uint64_t seed) {
  std::vector<Interaction> result;
  Drawer drawer(data, domain, popularity, {seed, kDrawStream, static_cast<uint32_t>(number)});
  uint64_t element = 0;
  for (const auto& [user, rows] : domain.users) {
    std::unordered_set<int32_t> clicked;
    for (size_t r : rows) clicked.insert(data.rows[r].item);
    std::unordered_set<int32_t> taken = clicked;
    for (size_t split = 0; split < (keep ? 3 : 1); ++split) {
      int64_t positives = 0;
      for (size_t r : rows) {
        positives += !keep || data.rows[r].split == static_cast<Split>(split) ? 1 : 0;
      }
      const auto wanted = static_cast<int64_t>(static_cast<double>(positives) / ratio);
      for (int32_t item : drawer.draw(taken, wanted, element)) {
        Interaction row;
        row.user = user;
        row.item = item;
        row.domain = number;
        row.label = 0;
        row.split = static_cast<Split>(split);
        row.split_known = keep;
        row.file = -1;
        result.push_back(row);
        taken.insert(item);
      }
    }
  }
  return result;
}

// Splits the rows of one class: those of each group by themselves.
void split_groups(std::vector<Interaction>& rows, const std::vector<std::vector<size_t>>& groups,
                  const SplitShares& shares, RandomStream random) {
  for (const std::vector<size_t>& group : groups) {
    const std::vector<Split> splits =
        split_rows(static_cast<int64_t>(group.size()), shares, random);
    for (size_t i = 0; i < group.size(); ++i) rows[group[i]].split = splits[i];
    ++random.step;
  }
}

void split_domain(std::vector<Interaction>& rows, int32_t number, const SplitShares& shares,
                  uint64_t seed, bool drawn) {
  std::vector<std::vector<size_t>> positives(1), negatives;
  std::map<int32_t, std::vector<size_t>> by_user;
  std::vector<size_t> given;
  for (size_t r = 0; r < rows.size(); ++r) {
    if (rows[r].label > 0.5f) {
      positives[0].push_back(r);
    } else if (drawn) {
      by_user[rows[r].user].push_back(r);
    } else {
      given.push_back(r);
    }
  }
  for (auto& [user, list] : by_user) negatives.push_back(std::move(list));
  if (!given.empty()) negatives.push_back(std::move(given));
  const auto domain = static_cast<uint64_t>(number) << 16;
  split_groups(rows, positives, shares, {seed, kPositiveStream + domain, 0});
  split_groups(rows, negatives, shares, {seed, kNegativeStream + domain, 0});
}

}  // namespace

void NegativeOptions::add_to(OptionList& list) {
  list.add({"negatives",
            &negatives,
            "auto: uniform when the data holds clicks alone; popularity: in proportion to clicks",
            {"auto", "none", "uniform", "popularity"}});
  list.add({"negative_ratio", &ratio,
            "positives over negatives: a number, or spec: one draw per domain from [0.2, 0.5]"});
  list.add({"split", &split, "keep the files' splits, or shares of train, valid and test"});
  list.add({"seed", &seed, "of ratios, draws and splits", {}, 0, 4294967295.0});
}

std::vector<double> spec_ratios(int64_t domains, uint32_t seed) {
  PythonRandom random(seed);
  std::vector<double> ratios;
  for (int64_t d = 0; d < domains; ++d)
    ratios.push_back(round_to_hundredths(random.uniform(0.2, 0.5)));
  return ratios;
}

std::string complete(Interactions& data, const NegativeOptions& options) {
  const bool keep = options.split == "keep";
  SplitShares shares;
  if (!keep) shares = split_shares(options.split);
  for (const Interaction& row : data.rows) {
    CTR_CHECK(!keep || row.split_known,
              "prepare: --split keep needs files that name their split; give shares, such as "
              "--split 0.6,0.2,0.2");
  }
  const int64_t positives = data.positives();
  CTR_CHECK_DATA(positives > 0, "prepare: the data holds no positive row");
  const bool clicks_alone = positives == static_cast<int64_t>(data.rows.size());
  std::string how = options.negatives;
  if (how == "auto") how = clicks_alone ? "uniform" : "none";
  CTR_CHECK(how == "none" || clicks_alone,
            "prepare: --negatives {} is for clicks alone, {} of {} rows are labelled 0", how,
            static_cast<int64_t>(data.rows.size()) - positives, data.rows.size());

  const std::vector<Domain> domains = domains_of(data);
  std::vector<double> ratios =
      spec_ratios(static_cast<int64_t>(domains.size()), static_cast<uint32_t>(options.seed));
  if (options.ratio != "spec") ratios.assign(domains.size(), ratio_of(options.ratio));
  const auto seed = static_cast<uint64_t>(options.seed);
  std::vector<Interaction> all;
  for (size_t d = 0; d < domains.size(); ++d) {
    const auto number = static_cast<int32_t>(d);
    std::vector<Interaction> rows;
    for (const Interaction& row : data.rows) {
      if (row.domain == number) rows.push_back(row);
    }
    if (how != "none") {
      const std::vector<Interaction> drawn =
          negatives_of(data, domains[d], number, ratios[d], how == "popularity", keep, seed);
      rows.insert(rows.end(), drawn.begin(), drawn.end());
    }
    if (!keep) split_domain(rows, number, shares, seed, how != "none");
    all.insert(all.end(), rows.begin(), rows.end());
  }
  data.rows = std::move(all);
  if (how == "none") return fmt::format("{} positives, no negatives drawn", positives);
  return fmt::format("{} positives; {} negatives drawn, {}, seed {}", positives,
                     static_cast<int64_t>(data.rows.size()) - positives,
                     how == "popularity" ? "in proportion to clicks" : "uniformly", options.seed);
}

}  // namespace ctr
