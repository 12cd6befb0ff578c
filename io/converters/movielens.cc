// movielens: MovieLens-100K, 1M and the newer CSV releases, with domains by who the user is.

#include <algorithm>

#include "engine/check.h"
#include "io/prepare/fields.h"
#include "io/prepare/interaction_rule.h"
#include "io/prepare/lines.h"
#include "io/prepare/movielens_files.h"
#include "io/prepare/numbers.h"
#include "io/prepare/prepare.h"

namespace ctr {
namespace {

class MovieLens : public Converter {
 public:
  MovieLens() {
    rule_.positive = "==5";
    rule_.negatives = "none";
  }

  OptionList options() override {
    OptionList list;
    list.add({"by",
              &domain_,
              "what makes a user's domain; age3: under 25, 25 to 34, 35 and above",
              {"none", "gender", "age", "age3", "occupation"}});
    list.add({"ratings", &ratings_, "file names; empty: the release's, else five folds"});
    list.add(
        {"valid_fold", &valid_fold_, "under --split keep, of the files of ratings", {}, 1, 99});
    list.add({"test_fold", &test_fold_, "the same for test", {}, 1, 99});
    rule_.add_options(list);
    list.add({"min_count", &min_count_, "rarer tokens are out of vocabulary", {}, 1, 1e9});
    list.add({"name", &name_, "of the data set"});
    return list;
  }

  PreparePlan open(const std::vector<std::string>& inputs) override {
    rule_.check();
    CTR_CHECK(inputs.size() == 1, "prepare movielens: name one directory, got {} inputs",
              inputs.size());
    const MovieLensRelease release = find_movielens(inputs[0], ratings_);
    CTR_CHECK(!release.users.empty() || domain_ == "none",
              "prepare movielens: this release says nothing of its users, so --by must be none, "
              "got '{}'",
              domain_);
    CTR_CHECK(
        rule_.split != "keep" || std::ssize(release.ratings) >= std::max(valid_fold_, test_fold_),
        "prepare movielens: --split keep needs {} files of ratings, found {}",
        std::max(valid_fold_, test_fold_), release.ratings.size());
    PreparePlan plan;
    plan.schema.name = name_;
    plan.schema.domain_names = domain_names(release);
    plan.schema.domains = std::ssize(plan.schema.domain_names);
    plan.schema.fields = {token_field("user", FieldRole::user, min_count_),
                          token_field("item", FieldRole::item, min_count_), domain_field("domain"),
                          list_field("genres", FieldType::multivalued, '|'),
                          token_field("year", FieldRole::none, min_count_)};
    std::vector<std::string> extras = {"genres", "year"};
    if (!release.users.empty()) {
      for (const char* name : {"gender", "age", "occupation", "zip"}) {
        extras.emplace_back(name);
        plan.schema.fields.push_back(token_field(name, FieldRole::none, min_count_));
      }
    }
    plan.origin = fmt::format("MovieLens ratings in {}; domains by {}, clicks {}, split {}",
                              inputs[0], domain_, rule_.positive, rule_.split);
    plan.note = "GroupLens' licence: for research, not to be passed on";
    plan.source = std::make_unique<InteractionSource>(
        extras, release.files(),
        [self = *this, release, names = plan.schema.domain_names](BadLines& bad) {
          Interactions table = read_movielens(
              release, {self.domain_, names, self.valid_fold_, self.test_fold_}, bad);
          self.rule_.apply(table);
          return table;
        });
    return plan;
  }

 private:
  std::vector<std::string> domain_names(const MovieLensRelease& release) const {
    if (domain_ == "none") return {"all"};
    if (domain_ == "gender") return {"F", "M"};
    if (domain_ == "age3") return {"under 25", "25-34", "35 and above"};
    std::vector<std::string> names;
    if (domain_ == "age") {
      for (int64_t age : kMovieLensAges) names.push_back(fmt::format("{}", age));
      return names;
    }
    const std::string_view separator = release.kind == MovieLensRelease::Kind::k100 ? "|" : "::";
    for_each_line(release.users, separator, [&](const Line& line) {
      if (line.cells.size() == 5) names.emplace_back(line.cells[3]);
    });
    std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
      int64_t x = 0, y = 0;
      return parse_whole(a, x) && parse_whole(b, y) ? x < y : a < b;
    });
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
  }

  std::string domain_ = "gender", name_ = "movielens";
  NameList ratings_;
  int64_t valid_fold_ = 4, test_fold_ = 5, min_count_ = 1;
  InteractionRule rule_;
};

}  // namespace

ConverterInfo converter_movielens() {
  return {"movielens", "MovieLens-100K, 1M or newer, domains by user", "DIRECTORY",
          "ctrengine prepare movielens ml-1m --by gender --out data/ml-1m-gender",
          [] { return std::make_unique<MovieLens>(); }};
}

}  // namespace ctr
