// movielens_sequences: the films that users of MovieLens rated, in the order of time, and what
// comes next or who the user is.

#include <algorithm>

#include "engine/check.h"
#include "io/prepare/movielens_files.h"
#include "io/prepare/user_sequences.h"

namespace ctr {
namespace {

// Users with the films that they rated, oldest first; of one moment as the file has them.
UserSequences sequences_of(const Interactions& table, const std::string& told, BadLines& bad,
                           const std::vector<std::string>& files) {
  std::vector<const Interaction*> rows;
  for (const Interaction& row : table.rows) {
    rows.push_back(&row);
    if (row.time == 0)
      bad.report({files[static_cast<size_t>(row.file)], row.line, 0}, "a rating with its time",
                 "user, movie and rating alone",
                 "ratings without times have no order; name other files by --ratings");
  }
  std::stable_sort(rows.begin(), rows.end(), [](const Interaction* a, const Interaction* b) {
    return a->user != b->user ? a->user < b->user : a->time < b->time;
  });
  const auto extra = std::find_if(table.extras.begin(), table.extras.end(),
                                  [&](const ExtraColumn& column) { return column.name == told; });
  UserSequences users;
  int32_t last = -1;
  for (const Interaction* row : rows) {
    if (row->time == 0) continue;
    if (row->user != last) {
      last = row->user;
      UserSequence user{users.users.add(table.users.text(last)), {}, {}, row->file, row->line};
      if (extra != table.extras.end())
        user.targets.push_back(
            users.targets.add(table.texts.text(extra->values[static_cast<size_t>(last)])));
      users.all.push_back(std::move(user));
    }
    users.all.back().clicks.push_back(users.clicks.add(table.items.text(row->item)));
  }
  return users;
}

class MovieLensSequences : public Converter {
 public:
  OptionList options() override {
    OptionList list;
    list.add({"told",
              &told_,
              "what a row tells: the next film, or who the user is",
              {"next", "gender", "age", "occupation"}});
    list.add({"ratings", &ratings_, "file names; empty: the release's"});
    rule_.add_options(list);
    return list;
  }

  PreparePlan open(const std::vector<std::string>& inputs) override {
    CTR_CHECK(inputs.size() == 1, "prepare movielens_sequences: name one directory, got {} inputs",
              inputs.size());
    const Told told = told_ == "next" ? Told::next : Told::target;
    rule_.check(told);
    const MovieLensRelease release = find_movielens(inputs[0], ratings_);
    CTR_CHECK(told == Told::next || !release.users.empty(),
              "prepare movielens_sequences: this release says nothing of its users, so --told must "
              "be next, got '{}'",
              told_);
    const std::vector<std::string> files = release.files();
    PreparePlan plan = rule_.plan(told, "", files, [release, files, what = told_](BadLines& bad) {
      return sequences_of(read_movielens(release, {}, bad), what, bad, files);
    });
    plan.origin = fmt::format(
        "films in the order in which users of MovieLens rated them, and {}, "
        "from {}",
        told_ == "next" ? "the next one" : "their " + told_, inputs[0]);
    plan.note = "GroupLens' licence: for research, not to be passed on";
    return plan;
  }

 private:
  std::string told_ = "next";
  NameList ratings_;
  SequenceRule rule_;
};

}  // namespace

ConverterInfo converter_movielens_sequences() {
  return {"movielens_sequences", "films in the order of rating, and what is told of users",
          "DIRECTORY",
          "ctrengine prepare movielens_sequences ml-1m --told gender --vocabulary-of data/films "
          "--out data/films-gender",
          [] { return std::make_unique<MovieLensSequences>(); }};
}

}  // namespace ctr
