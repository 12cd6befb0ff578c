// movielens: 100K (u.data, u.user, u.item), 1M (ratings.dat or its folds, users.dat, movies.dat)
// and latest (ratings.csv, movies.csv), by what DIRECTORY holds.

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <optional>

#include "engine/check.h"
#include "io/prepare/fields.h"
#include "io/prepare/lines.h"
#include "io/prepare/negatives.h"
#include "io/prepare/prepare.h"

namespace ctr {
namespace {

namespace fs = std::filesystem;

// Ages of 1M as numbers 0 … 6, their codes as names.
const std::vector<std::string> kAges{"1", "18", "25", "35", "45", "50", "56"};

struct User {
  std::string gender, age, occupation, zip;
};
struct Movie {
  std::string genres, year;
};

[[noreturn]] void problem(const std::string& path, int64_t line, const std::string& expected,
                          std::string_view found) {
  fail(ErrorKind::data, "{}:{}: expected {}, found {}", path, line, expected, quoted(found));
}

// The age group of an age in years: the last code that it reaches.
std::string age_group(std::string_view text, const std::string& path, int64_t line) {
  int age = -1;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), age);
  if (code != std::errc() || end != text.data() + text.size() || age < 0)
    problem(path, line, "an age", text);
  const int codes[] = {18, 25, 35, 45, 50, 56};
  return kAges[static_cast<size_t>(std::upper_bound(codes, codes + 6, age) - codes)];
}

// "Toy Story (1995)" → "1995"; empty when there is none.
std::string year_of(std::string_view title) {
  while (title.ends_with(' ')) title.remove_suffix(1);
  if (title.size() < 6 || title.back() != ')' || title[title.size() - 6] != '(') return "";
  return std::string(title.substr(title.size() - 5, 4));
}

class MovieLens : public Converter {
 public:
  OptionList options() override {
    OptionList list;
    list.add({"domain",
              &domain_,
              "what splits the users into domains",
              {"none", "gender", "age", "occupation"}});
    list.add(
        {"label",
         &label_,
         "a click is: five: a rating of 5; above3: more than 3; four-two: 4 or more, 2 or less "
         "is none and 3 is left out",
         {"five", "above3", "four-two"}});
    list.add({"split", &split_,
              "shares of train, valid and test within each domain and label, or fold: the fifth "
              "fold tests, the fourth validates"});
    list.add({"seed", &seed_, "of the split", {}, 0, 4294967295.0});
    list.add({"features", &features_, "gender, age, occupation, zip, year and genres as inputs"});
    return list;
  }

  PreparePlan open(const std::vector<std::string>& inputs) override {
    CTR_CHECK(inputs.size() == 1, "movielens: name one directory");
    folder_ = inputs[0];
    Interactions data;
    const std::string kind = read_all(data);
    NegativeOptions rules;
    rules.negatives = "none";
    rules.split = split_ == "fold" ? "keep" : split_;
    rules.seed = seed_;
    PreparePlan plan;
    plan.note = complete(data, rules);
    plan.origin = fmt::format("MovieLens {}, domains by {}, label {}", kind, domain_, label_);
    plan.schema.name = "movielens";
    add_fields(plan.schema, data);
    plan.source = std::make_unique<InteractionSource>(std::move(data));
    return plan;
  }

 private:
  bool has(const std::string& name) const { return fs::exists(folder_ + "/" + name); }
  // The file or its gzip.
  std::string path_of(const std::string& name) const {
    const std::string path = folder_ + "/" + name;
    return !fs::exists(path) && fs::exists(path + ".gz") ? path + ".gz" : path;
  }

  std::string read_all(Interactions& data) {
    if (has("u.data") || has("u.data.gz")) {
      read_users("u.user", "|", 1, 2, 3, 4);
      read_movies_100k();
      read_ratings("u.data", "\t", data, {});
      return "100K";
    }
    if (has("ratings.csv") || has("ratings.csv.gz")) {
      CTR_CHECK(domain_ == "none",
                "movielens: the latest sets have no users' {}; use --domain none", domain_);
      read_movies_latest();
      read_ratings("ratings.csv", ",", data, {});
      return "latest";
    }
    read_users("users.dat", "::", 1, 2, 3, 4);
    read_movies_1m();
    if (has("ratings.dat") || has("ratings.dat.gz")) {
      read_ratings("ratings.dat", "::", data, {});
      return "1M";
    }
    const Split by_fold[] = {Split::train, Split::train, Split::train, Split::valid, Split::test};
    for (int fold = 1; fold <= 5; ++fold)
      read_ratings(fmt::format("ratings.fold{}.dat", fold), ",", data, by_fold[fold - 1]);
    return "1M (folds)";
  }

  // Columns: id, and where age, gender, occupation and zip stand.
  void read_users(const std::string& name, const std::string& separator, size_t first,
                  size_t second, size_t occupation, size_t zip) {
    const std::string path = path_of(name);
    const bool hundred = separator == "|";  // age, gender; 1M: gender, age code
    std::vector<std::string_view> cells;
    for_each_line(path, [&](std::string_view line, int64_t number) {
      if (line.empty()) return;
      split_line(line, separator, cells);
      if (cells.size() != 5) problem(path, number, "5 columns of a user", line);
      User user{std::string(cells[hundred ? second : first]),
                hundred ? age_group(cells[first], path, number) : std::string(cells[second]),
                std::string(cells[occupation]), std::string(cells[zip])};
      if (user.gender != "F" && user.gender != "M") problem(path, number, "F or M", user.gender);
      if (std::find(kAges.begin(), kAges.end(), user.age) == kAges.end())
        problem(path, number, "an age code (1, 18, 25, 35, 45, 50, 56)", user.age);
      users_.emplace(cells[0], std::move(user));
    });
  }

  void read_movies_1m() {
    const std::string path = path_of("movies.dat");
    std::vector<std::string_view> cells;
    for_each_line(path, [&](std::string_view line, int64_t number) {
      if (line.empty()) return;
      split_line(line, "::", cells);
      if (cells.size() != 3) problem(path, number, "3 columns of a movie", line);
      movies_.emplace(cells[0], Movie{std::string(cells[2]), year_of(cells[1])});
    });
  }

  // Genres as 19 flags.
  void read_movies_100k() {
    std::vector<std::string> names;
    std::vector<std::string_view> cells;
    for_each_line(path_of("u.genre"), [&](std::string_view line, int64_t) {
      if (!line.empty()) names.emplace_back(line.substr(0, line.find('|')));
    });
    const std::string path = path_of("u.item");
    for_each_line(path, [&](std::string_view line, int64_t number) {
      if (line.empty()) return;
      split_line(line, "|", cells);
      if (cells.size() != 5 + names.size())
        problem(path, number, fmt::format("{} columns of a movie", 5 + names.size()), line);
      std::string genres;
      for (size_t g = 0; g < names.size(); ++g) {
        if (cells[5 + g] == "1") genres += (genres.empty() ? "" : "|") + names[g];
      }
      movies_.emplace(cells[0], Movie{genres, year_of(cells[1])});
    });
  }

  // movieId,title,genres: the title may be quoted and hold commas.
  void read_movies_latest() {
    const std::string path = path_of("movies.csv");
    for_each_line(path, [&](std::string_view line, int64_t number) {
      if (line.empty() || number == 1) return;
      const size_t first = line.find(','), last = line.rfind(',');
      if (first == std::string_view::npos || first == last)
        problem(path, number, "movieId,title,genres", line);
      std::string_view title = line.substr(first + 1, last - first - 1);
      if (title.ends_with('"')) title.remove_suffix(1);
      movies_.emplace(line.substr(0, first),
                      Movie{std::string(line.substr(last + 1)), year_of(title)});
    });
  }

  void read_ratings(const std::string& name, const std::string& separator, Interactions& data,
                    std::optional<Split> split) {
    const std::string path = path_of(name);
    const auto file = static_cast<int32_t>(data.files.size());
    data.files.push_back(path);
    std::vector<std::string_view> cells;
    for_each_line(path, [&](std::string_view line, int64_t number) {
      if (line.empty() || (number == 1 && line.starts_with("userId"))) return;
      split_line(line, separator, cells);
      if (cells.size() < 3 || cells.size() > 4)
        problem(path, number, "user, item, rating and perhaps a time", line);
      double rating = 0;
      const auto [end, code] =
          std::from_chars(cells[2].data(), cells[2].data() + cells[2].size(), rating);
      if (code != std::errc() || end != cells[2].data() + cells[2].size() || rating < 0 ||
          rating > 5)
        problem(path, number, "a rating from 0 to 5", cells[2]);
      if (label_ == "four-two" && rating > 2 && rating < 4) return;
      Interaction row;
      row.label = (label_ == "five"     ? rating == 5
                   : label_ == "above3" ? rating > 3
                                        : rating >= 4)
                      ? 1.f
                      : 0.f;
      row.user = data.users.id_of(cells[0]);
      row.item = data.items.id_of(cells[1]);
      row.domain = data.domains.id_of(domain_of(std::string(cells[0]), path, number));
      row.file = file;
      row.line = number;
      row.split_known = split.has_value();
      row.split = split.value_or(Split::train);
      data.rows.push_back(row);
    });
  }

  std::string domain_of(const std::string& user, const std::string& path, int64_t line) const {
    if (domain_ == "none") return "all";
    const auto found = users_.find(user);
    if (found == users_.end()) problem(path, line, "a user of the user file", user);
    return domain_ == "gender" ? found->second.gender
           : domain_ == "age"  ? found->second.age
                               : found->second.occupation;
  }

  void add_fields(Schema& schema, Interactions& data) const {
    schema.fields = {token_field("user", FieldRole::user), token_field("item", FieldRole::item)};
    if (domain_ != "none") {
      schema.fields.push_back(domain_field("domain"));
      std::vector<std::string> names;
      for (int32_t d = 0; d < data.domains.size(); ++d) names.emplace_back(data.domains.token(d));
      std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
        return a.size() != b.size() && std::isdigit(static_cast<unsigned char>(a[0])) != 0
                   ? a.size() < b.size()
                   : a < b;
      });
      schema.domain_names = names;
    }
    if (!features_) return;
    auto add = [&](const std::string& name, ExtraColumn::Of of, auto cell_of) {
      if (name == domain_) return;  // the domain field says it
      const TokenTable& table = of == ExtraColumn::Of::user ? data.users : data.items;
      ExtraColumn column{name, of, {}};
      for (int32_t id = 0; id < table.size(); ++id)
        column.cells.push_back(cell_of(std::string(table.token(id))));
      schema.fields.push_back(name == "genres" ? list_field(name, FieldType::multivalued, '|')
                                               : token_field(name));
      data.extras.push_back(std::move(column));
    };
    if (!users_.empty()) {
      add("gender", ExtraColumn::Of::user,
          [&](const std::string& u) { return users_.at(u).gender; });
      add("age", ExtraColumn::Of::user, [&](const std::string& u) { return users_.at(u).age; });
      add("occupation", ExtraColumn::Of::user,
          [&](const std::string& u) { return users_.at(u).occupation; });
      add("zip", ExtraColumn::Of::user, [&](const std::string& u) { return users_.at(u).zip; });
    }
    auto movie = [&](const std::string& id) {
      const auto found = movies_.find(id);
      return found == movies_.end() ? Movie{} : found->second;
    };
    add("year", ExtraColumn::Of::item, [&](const std::string& id) { return movie(id).year; });
    add("genres", ExtraColumn::Of::item, [&](const std::string& id) { return movie(id).genres; });
  }

  std::string folder_, domain_ = "gender", label_ = "five", split_ = "0.6,0.2,0.2";
  int64_t seed_ = 123;
  bool features_ = true;
  std::map<std::string, User, std::less<>> users_;
  std::map<std::string, Movie, std::less<>> movies_;
};

}  // namespace

ConverterInfo converter_movielens() {
  return {"movielens", "MovieLens 100K, 1M (ratings or folds) and latest", "DIRECTORY",
          "ctrengine prepare movielens ml-1m --domain gender --label five --out data/ml-1m-gender",
          [] { return std::make_unique<MovieLens>(); }};
}

}  // namespace ctr
