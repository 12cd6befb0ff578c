// movielens: MovieLens-100K, 1M and the newer CSV releases, with domains by who the user is.

#include <algorithm>
#include <array>
#include <unordered_map>

#include "engine/check.h"
#include "io/prepare/delimited.h"
#include "io/prepare/fields.h"
#include "io/prepare/interaction_rule.h"
#include "io/prepare/lines.h"
#include "io/prepare/numbers.h"
#include "io/prepare/prepare.h"
#include "io/prepare/text_reader.h"

namespace ctr {
namespace {

constexpr std::array<const char*, 19> kGenres = {
    "unknown",     "Action", "Adventure", "Animation", "Children's", "Comedy",  "Crime",
    "Documentary", "Drama",  "Fantasy",   "Film-Noir", "Horror",     "Musical", "Mystery",
    "Romance",     "Sci-Fi", "Thriller",  "War",       "Western"};
// The age groups of MovieLens-1M begin at these years; 100K's years are put into them.
constexpr std::array<int64_t, 7> kAges = {1, 18, 25, 35, 45, 50, 56};

// The files of a release.
struct Release {
  enum class Kind : uint8_t { k100, m1, csv };
  Kind kind = Kind::csv;
  std::string users, movies;
  std::vector<std::string> ratings;

  std::vector<std::string> files() const {
    std::vector<std::string> all = ratings;
    all.push_back(movies);
    if (!users.empty()) all.push_back(users);
    return all;
  }
};

Release find_release(const std::string& folder, const NameList& ratings) {
  Release release;
  auto need = [&](const std::string& name) {
    const std::string path = find_file(folder, name);
    CTR_CHECK_DATA(!path.empty(), "{}: there is no file '{}' (or {}.gz); unpack the release whole",
                   folder, name, name);
    return path;
  };
  for (const std::string& name : ratings) release.ratings.push_back(need(name));
  auto rated = [&](const std::string& name) {
    const std::string path = find_file(folder, name);
    if (ratings.empty() && !path.empty()) release.ratings.push_back(path);
    return !release.ratings.empty();
  };
  if (!find_file(folder, "u.user").empty()) {
    rated("u.data");
    release.kind = Release::Kind::k100;
    release.users = need("u.user");
    release.movies = need("u.item");
  } else if (!find_file(folder, "movies.dat").empty()) {
    if (!rated("ratings.dat"))
      for (int fold = 1; fold <= 5; ++fold) rated(fmt::format("ratings.fold{}.dat", fold));
    release.kind = Release::Kind::m1;
    release.users = need("users.dat");
    release.movies = need("movies.dat");
  } else {
    rated("ratings.csv");
    CTR_CHECK_DATA(!find_file(folder, "movies.csv").empty(),
                   "{}: expected the files of MovieLens-100K (u.data, u.user, u.item), 1M "
                   "(ratings.dat, users.dat, movies.dat) or a newer release (ratings.csv, "
                   "movies.csv)",
                   folder);
    release.movies = need("movies.csv");
  }
  CTR_CHECK_DATA(!release.ratings.empty(),
                 "{}: there is no file of ratings; unpack the release "
                 "whole or name it by --ratings",
                 folder);
  return release;
}

// What a release knows, while its files are read.
class Reader {
 public:
  Reader(const Release& release, std::string domain, BadLines& bad)
      : release_(release), domain_(std::move(domain)), bad_(bad) {
    for (const char* name : {"genres", "year"})
      table_.extras.push_back({name, ExtraColumn::Of::item});
    if (!release.users.empty())
      for (const char* name : {"gender", "age", "occupation", "zip"})
        table_.extras.push_back({name, ExtraColumn::Of::user});
  }

  Interactions read(const std::vector<std::string>& domains, int64_t valid_fold,
                    int64_t test_fold) {
    table_.domains = domains;
    if (!release_.users.empty()) read_users();
    read_movies();
    for (size_t file = 0; file < release_.ratings.size(); ++file) {
      const auto fold = static_cast<int64_t>(file) + 1;
      const Split split = fold == test_fold    ? Split::test
                          : fold == valid_fold ? Split::valid
                                               : Split::train;
      read_ratings(static_cast<int32_t>(file), split);
    }
    return std::move(table_);
  }

 private:
  enum Extra : size_t { kGenre, kYear, kGender, kAge, kOccupation, kZip };

  void set(Extra extra, int32_t index, std::string_view text) {
    table_.extras[extra].set(index, table_.texts.add(text));
  }

  void read_users() {
    const bool k100 = release_.kind == Release::Kind::k100;  // id|age|gender|occupation|zip
    for_each_line(release_.users, k100 ? "|" : "::", [&](const Line& line) {
      if (line.cells.size() != 5) return line.report(bad_, 5, "5 cells");
      const size_t gender = k100 ? 2 : 1, age = k100 ? 1 : 2;
      int64_t years = 0;
      if (line.cells[gender] != "F" && line.cells[gender] != "M")
        return line.report(bad_, gender, "a gender F or M");
      if (!parse_whole(line.cells[age], years) || years < 1 || years > 120)
        return line.report(bad_, age, "an age from 1 to 120");
      const auto group = std::upper_bound(kAges.begin(), kAges.end(), years) - kAges.begin() - 1;
      const int32_t user = table_.users.add(line.cells[0]);
      set(kGender, user, line.cells[gender]);
      set(kAge, user, fmt::format("{}", kAges[static_cast<size_t>(group)]));
      set(kOccupation, user, line.cells[3]);
      set(kZip, user, line.cells[4]);
      if (static_cast<size_t>(user) >= domain_of_user_.size())
        domain_of_user_.resize(static_cast<size_t>(user) + 1, -1);
      domain_of_user_[static_cast<size_t>(user)] = domain_number(line, gender, group);
    });
  }

  int32_t domain_number(const Line& line, size_t gender, int64_t group) {
    if (domain_ == "none") return 0;
    if (domain_ == "gender") return line.cells[gender] == "F" ? 0 : 1;
    if (domain_ == "age") return static_cast<int32_t>(group);
    if (domain_ == "age3") return group <= 1 ? 0 : group == 2 ? 1 : 2;
    const auto found = std::find(table_.domains.begin(), table_.domains.end(), line.cells[3]);
    if (found == table_.domains.end()) {
      line.report(bad_, 3, "an occupation of this release");
      return -1;
    }
    return static_cast<int32_t>(found - table_.domains.begin());
  }

  // `genres` joined by '|'; the year ends the title.
  void add_movie(std::string_view id, std::string_view title, std::string_view genres) {
    const int32_t item = table_.items.add(id);
    set(kGenre, item, genres == "(no genres listed)" ? std::string_view() : genres);
    while (title.ends_with(' ')) title.remove_suffix(1);
    int64_t year = 0;
    if (title.size() > 6 && title.ends_with(')') &&
        parse_whole(title.substr(title.size() - 5, 4), year))
      set(kYear, item, title.substr(title.size() - 5, 4));
  }

  void read_movies() {
    if (release_.kind == Release::Kind::csv) {
      DelimitedOptions options;
      options.names = {"movieId", "title", "genres"};
      DelimitedSource source({{release_.movies, std::nullopt}}, options);
      for_each_row(source, bad_, [&](const RawChunk& chunk, size_t r) {
        add_movie(chunk.columns[0][r], chunk.columns[1][r], chunk.columns[2][r]);
      });
      return;
    }
    const bool k100 = release_.kind == Release::Kind::k100;
    for_each_line(release_.movies, k100 ? "|" : "::", [&](const Line& line) {
      const size_t cells = k100 ? 5 + kGenres.size() : 3;
      if (line.cells.size() != cells)
        return line.report(bad_, line.cells.size(), fmt::format("{} cells", cells));
      if (!k100) return add_movie(line.cells[0], line.cells[1], line.cells[2]);
      std::string genres;
      for (size_t g = 0; g < kGenres.size(); ++g) {
        if (line.cells[5 + g] == "1")
          genres += (genres.empty() ? "" : "|") + std::string(kGenres[g]);
        else if (line.cells[5 + g] != "0")
          return line.report(bad_, 5 + g, "a genre's 0 or 1");
      }
      add_movie(line.cells[0], line.cells[1], genres);
    });
  }

  void read_ratings(int32_t file, Split split) {
    const std::string& path = release_.ratings[static_cast<size_t>(file)];
    const std::string first = first_line(path);
    const std::string_view separator = first.find("::") != std::string::npos   ? "::"
                                       : first.find('\t') != std::string::npos ? "\t"
                                                                               : ",";
    for_each_line(path, separator, [&](const Line& line) {
      if (line.number == 1 && line.cells[0] == "userId") return;
      if (line.cells.size() != 3 && line.cells.size() != 4)
        return line.report(bad_, line.cells.size(), "user, movie, rating and perhaps a time");
      Interaction row;
      row.user = release_.users.empty() ? table_.users.add(line.cells[0])
                                        : table_.users.find(line.cells[0]);
      if (row.user < 0) return line.report(bad_, 0, "a user of " + release_.users);
      row.item = table_.items.find(line.cells[1]);
      if (row.item < 0) return line.report(bad_, 1, "a movie of " + release_.movies);
      if (!parse_finite(line.cells[2], row.rating) || row.rating < 0.5 || row.rating > 5)
        return line.report(bad_, 2, "a rating from 0.5 to 5");
      if (line.cells.size() == 4 && !parse_whole(line.cells[3], row.time))
        return line.report(bad_, 3, "a time as a whole number");
      row.domain = release_.users.empty() ? 0 : domain_of_user_[static_cast<size_t>(row.user)];
      if (row.domain < 0) return;  // reported with its user
      row.file = file;
      row.line = line.number;
      row.split = split;
      table_.rows.push_back(row);
    });
  }

  const Release& release_;
  std::string domain_;
  BadLines& bad_;
  Interactions table_;
  std::vector<int32_t> domain_of_user_;
};

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
    const Release release = find_release(inputs[0], ratings_);
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
          Interactions table =
              Reader(release, self.domain_, bad).read(names, self.valid_fold_, self.test_fold_);
          self.rule_.apply(table);
          return table;
        });
    return plan;
  }

 private:
  std::vector<std::string> domain_names(const Release& release) const {
    if (domain_ == "none") return {"all"};
    if (domain_ == "gender") return {"F", "M"};
    if (domain_ == "age3") return {"under 25", "25-34", "35 and above"};
    std::vector<std::string> names;
    if (domain_ == "age") {
      for (int64_t age : kAges) names.push_back(fmt::format("{}", age));
      return names;
    }
    const std::string_view separator = release.kind == Release::Kind::k100 ? "|" : "::";
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
