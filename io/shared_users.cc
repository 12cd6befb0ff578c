#include "io/shared_users.h"

#include <array>
#include <map>
#include <span>
#include <vector>

#include "engine/check.h"
#include "engine/rng.h"
#include "io/dataset.h"

namespace ctr {
namespace {

enum Stream : uint64_t { kTaste = 301, kRound, kClicks, kTarget };

constexpr int64_t kFirst = 1;  // id of the first item; 0 stands for none

class People {
 public:
  explicit People(const SharedUsersOptions& o) : o_(o) {
    const int64_t own = 2 * o.items / o.tastes;  // of a taste; neighbours share half
    for (int64_t taste = 0; taste < o.tastes; ++taste) {
      std::vector<int64_t> round(static_cast<size_t>(own));
      for (int64_t i = 0; i < own; ++i)
        round[static_cast<size_t>(i)] = (taste * own / 2 + i) % o.items;
      shuffle(std::span(round), RandomStream{seed(), kRound, static_cast<uint32_t>(taste)});
      rounds_.push_back(std::move(round));
    }
  }

  int64_t taste(int64_t user) const {
    return static_cast<int64_t>(RandomStream{seed(), kTaste, 0}.below(
        static_cast<uint64_t>(o_.tastes), static_cast<uint64_t>(user)));
  }

  // Ids of a user's clicks, oldest first.
  std::vector<int32_t> clicks(int64_t user) const {
    const std::vector<int64_t>& round = rounds_[static_cast<size_t>(taste(user))];
    const RandomStream random{seed(), kClicks, static_cast<uint32_t>(user)};
    uint64_t element = 0;
    auto below = [&](size_t bound) { return random.below(bound, element++); };
    std::vector<int32_t> all;
    size_t place = below(round.size());
    for (int64_t t = 0; t < o_.length; ++t) {
      const double kind = random.uniform(element++);
      if (kind < o_.noise) {
        all.push_back(static_cast<int32_t>(
            kFirst + static_cast<int64_t>(below(static_cast<size_t>(o_.items)))));
        continue;
      }
      place = kind < o_.noise + (1 - o_.noise) * o_.habit ? (place + 1) % round.size()
                                                          : below(round.size());
      all.push_back(static_cast<int32_t>(kFirst + round[place]));
    }
    return all;
  }

  int32_t target(int64_t user) const {
    const RandomStream random{seed(), kTarget, 0};
    const auto element = 2 * static_cast<uint64_t>(user);
    if (random.uniform(element) < o_.loyalty) return static_cast<int32_t>(kFirst + taste(user));
    return static_cast<int32_t>(kFirst + static_cast<int64_t>(random.below(
                                             static_cast<uint64_t>(o_.targets), element + 1)));
  }

 private:
  uint64_t seed() const { return static_cast<uint64_t>(o_.seed); }

  const SharedUsersOptions& o_;
  std::vector<std::vector<int64_t>> rounds_;  // of each taste: its items, one after another
};

Schema schema_of(const SharedUsersOptions& o, bool source) {
  Schema schema;
  schema.name = source ? "shared-users-source" : "shared-users-target";
  Field user{"user", FieldType::categorical, o.users, FieldRole::user};
  user.input = false;
  Field clicks{"clicks", FieldType::sequence, kFirst + o.items, FieldRole::none, true};
  clicks.max_length = o.length;
  Field told{source ? "next" : "target", FieldType::categorical,
             kFirst + (source ? o.items : o.targets), FieldRole::item, true};
  if (source) told.shares = clicks.name;
  schema.fields = {user, clicks, told};
  return schema;
}

void add_row(Columns& columns, int64_t user, std::span<const int32_t> clicks, int32_t told) {
  columns.fields[0].ids.push_back(static_cast<int32_t>(user));
  auto& list = columns.fields[1];
  list.ids.insert(list.ids.end(), clicks.begin(), clicks.end());
  list.offsets.push_back(std::ssize(list.ids));
  columns.fields[2].ids.push_back(told);
  columns.labels[0].push_back(1.0f);
  ++columns.rows;
}

// Users by split: [0, ends[0]) train, and so on.
void write(const SharedUsersOptions& o, const std::string& path, bool source,
           const std::array<int64_t, 3>& ends) {
  CTR_CHECK(o.tastes <= o.targets && o.items >= 2 * o.tastes && o.items % o.tastes == 0,
            "shared-users: {} tastes need as many targets and a multiple of them in items, at "
            "least twice; got {} targets and {} items",
            o.tastes, o.targets, o.items);
  CTR_CHECK(2 * o.labelled < o.users,
            "shared-users: {} labelled users and as many to validate "
            "leave none of {} to test",
            o.labelled, o.users);
  const People people(o);
  const Schema schema = schema_of(o, source);
  DatasetWriter writer(path);
  writer.begin_rows(schema);
  int64_t user = 0;
  for (Split split : {Split::train, Split::valid, Split::test}) {
    Columns columns = Columns::empty(schema);
    for (; user < ends[static_cast<size_t>(split)]; ++user) {
      const std::vector<int32_t> clicks = people.clicks(user);
      if (source) {
        add_row(columns, user, std::span(clicks).first(clicks.size() - 1), clicks.back());
      } else {
        add_row(columns, user, clicks, people.target(user));
      }
    }
    writer.add(split, columns);
  }
  std::map<std::string, double> facts;
  if (!source) facts["best_hr1"] = o.loyalty + (1 - o.loyalty) / static_cast<double>(o.targets);
  writer.commit("simulated by ctrengine: users with tastes, in two domains", "simulated data",
                facts, {});
}

}  // namespace

OptionList SharedUsersOptions::list() {
  OptionList list;
  list.add({"users", &users, "of both domains", {}, 10, 1e8});
  list.add({"tastes", &tastes, "", {}, 2, 10000});
  list.add({"items", &items, "of the source", {}, 4, 1e7});
  list.add({"targets", &targets, "", {}, 2, 1e7});
  list.add({"length", &length, "clicks of a user", {}, 3, 10000});
  list.add({"labelled", &labelled, "users whose target is known for training", {}, 1, 1e8});
  list.add({"habit", &habit, "how often the next item of the round follows", {}, 0, 1});
  list.add({"noise", &noise, "how often any item follows", {}, 0, 1});
  list.add({"loyalty", &loyalty, "how often the target is the taste's own", {}, 0, 1});
  list.add({"seed", &seed, "", {}, 0, 9e15});
  return list;
}

void simulate_shared_users_source(const SharedUsersOptions& o, const std::string& target) {
  write(o, target, true, {o.users * 9 / 10, o.users * 19 / 20, o.users});
}

void simulate_shared_users_target(const SharedUsersOptions& o, const std::string& target) {
  write(o, target, false, {o.labelled, 2 * o.labelled, o.users});
}

}  // namespace ctr
