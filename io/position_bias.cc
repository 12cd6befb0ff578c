#include "io/position_bias.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/check.h"
#include "engine/rng.h"
#include "io/simulation.h"

namespace ctr {
namespace {

enum Stream : uint64_t { kUser = 201, kItem, kQuality, kPromotion, kDraw };

constexpr int64_t kLatent = 2;
constexpr std::array<double, 3> kEta = {0.5, 1.0, 1.5};  // desktop, tablet, phone
constexpr double kTaste = 0.7, kMean = -0.5;

struct Place {
  int64_t item;
  double score, relevance;  // of the old policy; σ(z)
};

class Lists {
 public:
  explicit Lists(const PositionBiasOptions& o)
      : o_(o),
        users_(normals(seed(), kUser, o.users * kLatent)),
        items_(normals(seed(), kItem, o.items * kLatent)),
        quality_(normals(seed(), kQuality, o.items)),
        promotion_(normals(seed(), kPromotion, o.items)),
        draw_{seed(), kDraw, 0} {}

  double uniform() { return draw_.uniform(element_++); }
  int64_t below(int64_t count) {
    return static_cast<int64_t>(draw_.below(static_cast<uint64_t>(count), element_++));
  }

  // Different items for a user, in the order of the old policy.
  std::vector<Place> shown_to(int64_t user) {
    std::vector<Place> places;
    while (std::ssize(places) < o_.length) {
      const int64_t item = below(o_.items);
      if (std::any_of(places.begin(), places.end(),
                      [&](const Place& place) { return place.item == item; }))
        continue;
      const double z = relevance(user, item);
      const double score = o_.promotion * promotion_[static_cast<size_t>(item)] + o_.policy * z +
                           draw_.normal(element_++);
      places.push_back({item, score, logistic(z)});
    }
    std::sort(places.begin(), places.end(),
              [](const Place& a, const Place& b) { return a.score > b.score; });
    return places;
  }

  double examination(int64_t position, int64_t device) const {
    return std::pow(static_cast<double>(position),
                    -o_.examination * kEta[static_cast<size_t>(device)]);
  }

 private:
  uint64_t seed() const { return static_cast<uint64_t>(o_.seed); }
  double relevance(int64_t user, int64_t item) const {
    double z = kMean + quality_[static_cast<size_t>(item)];
    for (int64_t k = 0; k < kLatent; ++k)
      z += kTaste * users_[static_cast<size_t>(user * kLatent + k)] *
           items_[static_cast<size_t>(item * kLatent + k)];
    return z;
  }

  const PositionBiasOptions& o_;
  std::vector<double> users_, items_, quality_, promotion_;
  RandomStream draw_;
  uint64_t element_ = 0;
};

Schema schema_of(const PositionBiasOptions& o) {
  Schema schema;
  schema.name = "position-bias";
  schema.labels = {"click"};
  schema.fields = {{"user", FieldType::categorical, o.users, FieldRole::user},
                   {"item", FieldType::categorical, o.items, FieldRole::item},
                   {"device", FieldType::categorical, static_cast<int64_t>(kEta.size())},
                   {"position", FieldType::categorical, o.length + 1, FieldRole::none, true},
                   {"list", FieldType::categorical, o.lists, FieldRole::group}};
  schema.fields.back().input = false;
  return schema;
}

}  // namespace

OptionList PositionBiasOptions::list() {
  OptionList list;
  list.add({"lists", &lists, "of all splits", {}, 10, 1e8});
  list.add({"length", &length, "items of a list", {}, 2, 1000});
  list.add({"users", &users, "", {}, 1, 1e8});
  list.add({"items", &items, "", {}, 2, 1e8});
  list.add({"policy", &policy, "how much of the relevance the old policy knows", {}, 0, 100});
  list.add({"promotion", &promotion, "how much it adds to items at will", {}, 0, 100});
  list.add({"examination", &examination, "strength of the bias", {}, 0, 100});
  list.add({"seed", &seed, "", {}, 0, 9e15});
  return list;
}

void simulate_position_bias(const PositionBiasOptions& o, const std::string& target) {
  CTR_CHECK(o.items >= 2 * o.length, "position-bias: lists of {} need {} items, got {}", o.length,
            2 * o.length, o.items);
  Lists lists(o);
  const Schema schema = schema_of(o);
  DatasetWriter writer(target);
  writer.begin_rows(schema);
  std::vector<double> relevances;  // of the test split
  std::vector<float> relevant;
  const int64_t ends[] = {o.lists * 6 / 10, o.lists * 8 / 10, o.lists};
  int64_t list = 0;
  for (Split split : {Split::train, Split::valid, Split::test}) {
    Columns columns = Columns::empty(schema);
    for (; list < ends[static_cast<size_t>(split)]; ++list) {
      const int64_t user = lists.below(o.users);
      const int64_t device = lists.below(std::ssize(kEta));
      int64_t position = 0;
      for (const Place& place : lists.shown_to(user)) {
        ++position;
        const double seen = split == Split::test ? 1 : lists.examination(position, device);
        const int64_t cells[] = {user, place.item, device, position, list};
        for (size_t f = 0; f < columns.fields.size(); ++f)
          columns.fields[f].ids.push_back(static_cast<int32_t>(cells[f]));
        columns.labels[0].push_back(lists.uniform() < seen * place.relevance ? 1.f : 0.f);
        ++columns.rows;
        if (split == Split::test) relevances.push_back(place.relevance);
      }
    }
    if (split == Split::test) relevant = columns.labels[0];
    writer.add(split, columns);
  }
  writer.commit("simulated by ctrengine: clicks that depend on position and device",
                "simulated data: labels of the test split are relevance, not clicks",
                best_facts(relevances, relevant), {});
}

}  // namespace ctr
