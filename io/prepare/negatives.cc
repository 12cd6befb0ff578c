#include "io/prepare/negatives.h"

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "engine/check.h"
#include "io/prepare/python_random.h"

namespace ctr {
namespace {

enum Stream : uint64_t { kDraw = 0x9E6A, kSplit };

// The random numbers of one user in one domain, one after the other.
class Numbers {
 public:
  Numbers(uint64_t seed, int32_t domain, int32_t user)
      : random_{seed, kDraw, static_cast<uint32_t>(domain)},
        next_(static_cast<uint64_t>(static_cast<uint32_t>(user)) << 32) {}
  int64_t below(int64_t bound) {
    return static_cast<int64_t>(random_.below(static_cast<uint64_t>(bound), next_++));
  }

 private:
  RandomStream random_;
  uint64_t next_;
};

// A domain's clicks: `by_item` sorted by item, so that each item of the pool is a run in it, and a
// click taken at random is an item in proportion to its clicks.
struct Pool {
  std::vector<int32_t> by_item;
  std::vector<int32_t> items;   // distinct, ascending
  std::vector<int64_t> clicks;  // of each item
  std::vector<char> taken;      // of each item, during a draw; else zeros

  explicit Pool(std::span<const Click> all) {
    for (const Click& click : all) by_item.push_back(click.item);
    std::sort(by_item.begin(), by_item.end());
    for (int32_t item : by_item) {
      if (items.empty() || items.back() != item) {
        items.push_back(item);
        clicks.push_back(0);
      }
      ++clicks.back();
    }
    taken.resize(items.size());
  }
  int64_t size() const { return static_cast<int64_t>(items.size()); }
  int64_t place_of(int32_t item) const {
    return std::lower_bound(items.begin(), items.end(), item) - items.begin();
  }
};

// `count` of the pool's places outside `clicked` (places, ascending, distinct), without
// replacement: the first steps of a Fisher-Yates shuffle of the allowed ranks that remembers only
// what it moved.
std::vector<int64_t> draw_uniform(Pool& pool, const std::vector<int64_t>& clicked, int64_t count,
                                  Numbers& numbers) {
  const int64_t allowed = pool.size() - static_cast<int64_t>(clicked.size());
  std::unordered_map<int64_t, int64_t> moved;
  auto at = [&](int64_t rank) {
    auto found = moved.find(rank);
    return found == moved.end() ? rank : found->second;
  };
  // clicked[i] - i of the allowed places lie before clicked[i].
  auto place_of_rank = [&](int64_t rank) {
    int64_t low = 0, high = static_cast<int64_t>(clicked.size());
    while (low < high) {
      const int64_t middle = (low + high) / 2;
      if (clicked[static_cast<size_t>(middle)] - middle <= rank)
        low = middle + 1;
      else
        high = middle;
    }
    return rank + low;
  };
  std::vector<int64_t> places;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t j = i + numbers.below(allowed - i);
    places.push_back(place_of_rank(at(j)));
    moved[j] = at(i);
  }
  return places;
}

// The same in proportion to clicks: a click at random, again when its item is clicked or drawn
// already; once that fails too often, by running sums over what is left (the same distribution).
std::vector<int64_t> draw_popular(Pool& pool, const std::vector<int64_t>& clicked, int64_t count,
                                  Numbers& numbers) {
  std::vector<char>& taken = pool.taken;
  for (int64_t place : clicked) taken[static_cast<size_t>(place)] = 1;
  std::vector<int64_t> places;
  auto take = [&](int64_t place) {
    taken[static_cast<size_t>(place)] = 1;
    places.push_back(place);
  };
  const auto all = static_cast<int64_t>(pool.by_item.size());
  for (int64_t tries = 8 * count + 64; tries > 0 && std::ssize(places) < count; --tries) {
    const auto at = static_cast<size_t>(numbers.below(all));
    const int64_t place = pool.place_of(pool.by_item[at]);
    if (taken[static_cast<size_t>(place)] == 0) take(place);
  }
  auto clicks_of = [&](const std::vector<int64_t>& list) {
    int64_t sum = 0;
    for (int64_t place : list) sum += pool.clicks[static_cast<size_t>(place)];
    return sum;
  };
  int64_t left = all - clicks_of(clicked) - clicks_of(places);
  while (std::ssize(places) < count) {
    int64_t rest = numbers.below(left);
    size_t place = 0;
    while (taken[place] != 0 || rest >= pool.clicks[place]) {
      if (taken[place] == 0) rest -= pool.clicks[place];
      ++place;
    }
    left -= pool.clicks[place];
    take(static_cast<int64_t>(place));
  }
  for (int64_t place : clicked) taken[static_cast<size_t>(place)] = 0;
  for (int64_t place : places) taken[static_cast<size_t>(place)] = 0;
  return places;
}

// Splits and rows of one user's negatives, from the user's clicks.
std::vector<Click> frames_of(std::span<const Click> clicks, int32_t domain, int64_t allowed,
                             const NegativeRule& rule) {
  std::vector<Click> frames;
  auto add = [&](const std::vector<Click>& from) {
    const int64_t wanted = negatives_for(std::ssize(from), rule.ratio);
    const int64_t count = std::min(wanted, allowed - std::ssize(frames));
    for (int64_t i = 0; i < count; ++i)
      frames.push_back(from[static_cast<size_t>(i) % from.size()]);
  };
  if (rule.keep_split) {
    for (Split split : {Split::train, Split::valid, Split::test}) {
      std::vector<Click> part;
      for (const Click& click : clicks)
        if (click.split == split) part.push_back(click);
      if (!part.empty()) add(part);
    }
    return frames;
  }
  add({clicks.begin(), clicks.end()});
  const RandomStream random{rule.seed, kSplit + static_cast<uint64_t>(clicks[0].user),
                            static_cast<uint32_t>(domain)};
  const std::vector<Split> splits = split_rows(std::ssize(frames), rule.split, random);
  for (size_t i = 0; i < frames.size(); ++i) frames[i].split = splits[i];
  return frames;
}

}  // namespace

std::vector<double> reference_ratios(uint64_t seed, size_t domains) {
  PythonRandom random(seed);
  std::vector<double> ratios(domains);
  for (double& ratio : ratios) {
    // Python rounds the exact binary value, as printing does.
    const std::string text = fmt::format("{:.2f}", 0.2 + (0.5 - 0.2) * random.random());
    std::from_chars(text.data(), text.data() + text.size(), ratio);
  }
  return ratios;
}

int64_t negatives_for(int64_t clicks, double ratio) {
  return static_cast<int64_t>(static_cast<double>(clicks) / ratio);
}

std::vector<Click> draw_negatives(std::span<const Click> clicks, int32_t domain,
                                  const NegativeRule& rule) {
  CTR_CHECK(rule.ratio >= 1e-6 && rule.ratio <= 1e6,
            "negatives: the ratio of clicks to negatives must lie in [1e-6, 1e6], got {}",
            rule.ratio);
  Pool pool(clicks);
  std::vector<Click> sorted(clicks.begin(), clicks.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Click& a, const Click& b) { return a.user < b.user; });
  std::vector<Click> negatives;
  for (size_t begin = 0, end = 0; begin < sorted.size(); begin = end) {
    while (end < sorted.size() && sorted[end].user == sorted[begin].user) ++end;
    const std::span<const Click> own(&sorted[begin], end - begin);
    std::vector<int64_t> clicked;
    for (const Click& click : own) clicked.push_back(pool.place_of(click.item));
    std::sort(clicked.begin(), clicked.end());
    clicked.erase(std::unique(clicked.begin(), clicked.end()), clicked.end());

    std::vector<Click> frames = frames_of(own, domain, pool.size() - std::ssize(clicked), rule);
    Numbers numbers(rule.seed, domain, own[0].user);
    const auto draw = rule.draw == NegativeDraw::uniform ? draw_uniform : draw_popular;
    const std::vector<int64_t> places = draw(pool, clicked, std::ssize(frames), numbers);
    for (size_t i = 0; i < frames.size(); ++i) {
      frames[i].item = pool.items[static_cast<size_t>(places[i])];
      negatives.push_back(frames[i]);
    }
  }
  return negatives;
}

}  // namespace ctr
