#include "io/prepare/user_sequences.h"

#include <algorithm>
#include <random>
#include <span>

#include "engine/check.h"
#include "engine/rng.h"
#include "io/prepare/fields.h"
#include "io/prepare/split_assignment.h"

namespace ctr {
namespace {

constexpr uint64_t kNegatives = 0x5E9;   // the stream of drawn targets
constexpr uint32_t kPublishedSeed = 10;  // of PeterRec's code

// Rows of a table, one after another.
class Rows {
 public:
  Rows(const UserSequences& users, size_t max_length) : users_(users), max_length_(max_length) {
    table_.domains = {"all"};
    table_.extras.push_back({"clicks", ExtraColumn::Of::context});
    for (int32_t u = 0; u < users.users.size(); ++u) table_.users.add(users.users.text(u));
  }

  // Begins rows that come after these clicks.
  void begin(const UserSequence& user, std::span<const int32_t> clicks, Split split) {
    row_ = {user.user, 0, 0, user.file, user.line, ++contexts_, 0, 1, true, split};
    std::string cell;
    for (int32_t click : clicks.last(std::min(clicks.size(), max_length_))) {
      if (!cell.empty()) cell += ' ';
      cell += users_.clicks.text(click);
    }
    table_.extras[0].set(contexts_, table_.texts.add(cell));
  }
  void add(std::string_view item, bool positive) {
    row_.item = table_.items.add(item);
    row_.positive = positive;
    table_.rows.push_back(row_);
  }

  Interactions take() { return std::move(table_); }

 private:
  const UserSequences& users_;
  size_t max_length_;
  Interactions table_;
  Interaction row_;
  int64_t contexts_ = -1;
};

}  // namespace

std::vector<int64_t> numpy_permutation(uint32_t seed, int64_t n) {
  std::mt19937 engine(seed);
  std::vector<int64_t> order(static_cast<size_t>(n));
  for (int64_t i = 0; i < n; ++i) order[static_cast<size_t>(i)] = i;
  for (int64_t i = n - 1; i > 0; --i) {
    uint64_t mask = 1;
    while (mask < static_cast<uint64_t>(i)) mask = 2 * mask + 1;
    uint64_t j = engine() & mask;
    while (j > static_cast<uint64_t>(i)) j = engine() & mask;
    std::swap(order[static_cast<size_t>(i)], order[j]);
  }
  return order;
}

void SequenceRule::add_options(OptionList& list) {
  list.add({"max_length", &max_length_, "a row keeps the last so many clicks", {}, 2, 100000});
  list.add({"split", &split_,
            "last: a user's last item is test, the one before valid; or shares of users as "
            "70,3,27; empty: last, and 70,3,27 of users with targets"});
  list.add({"shuffle",
            &shuffle_,
            "which users a share gets: philox, by --seed; or numpy, as PeterRec's code has it",
            {"philox", "numpy"}});
  list.add({"negatives",
            &negatives_,
            "rows with label 0 for each target of a user: other targets, drawn uniformly",
            {},
            0,
            10000});
  list.add({"min_count", &min_count_, "rarer items are out of vocabulary", {}, 1, 1e9});
  list.add({"seed", &seed_, "of shares and drawn targets", {}, 0, 9e15});
}

bool SequenceRule::leaves_last_out(Told told) const {
  return split_ == "last" || (split_.empty() && told == Told::next);
}

void SequenceRule::check(Told told) const {
  CTR_CHECK(told == Told::next || split_ != "last",
            "prepare: --split last cuts sequences, and targets have no order; name shares of users "
            "as 70,3,27");
  CTR_CHECK(told == Told::target || negatives_ == 0,
            "prepare: --negatives are other targets, and these rows tell the next item; leave it "
            "out");
  if (!split_.empty() && split_ != "last") split_shares(split_);
}

PreparePlan SequenceRule::plan(Told told, const std::string& name,
                               const std::vector<std::string>& files,
                               std::function<UserSequences(BadLines& bad)> load) const {
  PreparePlan plan;
  plan.schema.name = name;
  Field user = token_field("user", FieldRole::user);
  user.input = false;
  Field clicks = list_field("clicks", FieldType::sequence, ' ');
  clicks.max_length = max_length_;
  clicks.encoding.min_count = min_count_;
  Field item = token_field(told == Told::next ? "next" : "target", FieldRole::item, min_count_);
  item.encoding.column = "item";
  if (told == Told::next) item.shares = clicks.name;
  plan.schema.fields = {user, clicks, item};
  plan.source = std::make_unique<InteractionSource>(
      NameList{"clicks"}, files, [rule = *this, told, load = std::move(load)](BadLines& bad) {
        return rule.rows(load(bad), told);
      });
  return plan;
}

std::vector<Split> SequenceRule::splits(int64_t users, Told told) const {
  std::vector<Split> splits(static_cast<size_t>(users), Split::train);
  if (leaves_last_out(told)) return splits;
  const SplitShares shares = split_shares(split_.empty() ? "70,3,27" : split_);
  if (shuffle_ == "philox") {
    for (size_t u = 0; u < splits.size(); ++u)
      splits[u] = shares.of(u, static_cast<uint64_t>(seed_));
    return splits;
  }
  // The last of the order are test, those before them valid.
  const std::vector<int64_t> order = numpy_permutation(kPublishedSeed, users);
  const auto test = static_cast<size_t>(shares.test * static_cast<double>(users));
  const auto valid = static_cast<size_t>(shares.valid * static_cast<double>(users));
  for (size_t i = 0; i < test + valid; ++i)
    splits[static_cast<size_t>(order[order.size() - 1 - i])] =
        i < test ? Split::test : Split::valid;
  return splits;
}

Interactions SequenceRule::rows(const UserSequences& users, Told told) const {
  Rows rows(users, static_cast<size_t>(max_length_));
  const std::vector<Split> splits = this->splits(std::ssize(users.all), told);
  const RandomStream random{static_cast<uint64_t>(seed_), kNegatives, 0};
  uint64_t drawn = 0;
  // Tells the item at place `at` after those before it.
  auto tell = [&](const UserSequence& user, size_t at, Split split) {
    rows.begin(user, std::span(user.clicks).first(at), split);
    rows.add(users.clicks.text(user.clicks[at]), true);
  };
  for (size_t u = 0; u < users.all.size(); ++u) {
    const UserSequence& user = users.all[u];
    const size_t n = user.clicks.size();
    if (told == Told::target) {
      rows.begin(user, user.clicks, splits[u]);
      for (int32_t target : user.targets) {
        rows.add(users.targets.text(target), true);
        for (int64_t k = 0; k < negatives_ && users.targets.size() > 1; ++k) {
          auto other = static_cast<int32_t>(
              random.below(static_cast<uint64_t>(users.targets.size() - 1), drawn++));
          other += other >= target ? 1 : 0;
          rows.add(users.targets.text(other), false);
        }
      }
    } else if (n > 2 && leaves_last_out(told)) {
      tell(user, n - 3, Split::train);
      tell(user, n - 2, Split::valid);
      tell(user, n - 1, Split::test);
    } else if (n > 0) {
      tell(user, n - 1, splits[u]);
    }
  }
  return rows.take();
}

}  // namespace ctr
