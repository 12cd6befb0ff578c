#include "io/prepare/movielens_files.h"

#include <algorithm>

#include "engine/check.h"
#include "io/prepare/delimited.h"
#include "io/prepare/lines.h"
#include "io/prepare/numbers.h"
#include "io/prepare/text_reader.h"

namespace ctr {
namespace {

constexpr std::array<const char*, 19> kGenres = {
    "unknown",     "Action", "Adventure", "Animation", "Children's", "Comedy",  "Crime",
    "Documentary", "Drama",  "Fantasy",   "Film-Noir", "Horror",     "Musical", "Mystery",
    "Romance",     "Sci-Fi", "Thriller",  "War",       "Western"};
// What a release knows, while its files are read.
class Reader {
 public:
  Reader(const MovieLensRelease& release, const MovieLensReading& reading, BadLines& bad)
      : release_(release), reading_(reading), bad_(bad) {
    for (const char* name : {"genres", "year"})
      table_.extras.push_back({name, ExtraColumn::Of::item});
    if (!release.users.empty())
      for (const char* name : {"gender", "age", "occupation", "zip"})
        table_.extras.push_back({name, ExtraColumn::Of::user});
  }

  Interactions read() {
    table_.domains = reading_.domains;
    if (!release_.users.empty()) read_users();
    read_movies();
    for (size_t file = 0; file < release_.ratings.size(); ++file) {
      const auto fold = static_cast<int64_t>(file) + 1;
      const Split split = fold == reading_.test_fold    ? Split::test
                          : fold == reading_.valid_fold ? Split::valid
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
    const bool k100 =
        release_.kind == MovieLensRelease::Kind::k100;  // id|age|gender|occupation|zip
    for_each_line(release_.users, k100 ? "|" : "::", [&](const Line& line) {
      if (line.cells.size() != 5) return line.report(bad_, 5, "5 cells");
      const size_t gender = k100 ? 2 : 1, age = k100 ? 1 : 2;
      int64_t years = 0;
      if (line.cells[gender] != "F" && line.cells[gender] != "M")
        return line.report(bad_, gender, "a gender F or M");
      if (!parse_whole(line.cells[age], years) || years < 1 || years > 120)
        return line.report(bad_, age, "an age from 1 to 120");
      const auto group = std::upper_bound(kMovieLensAges.begin(), kMovieLensAges.end(), years) -
                         kMovieLensAges.begin() - 1;
      const int32_t user = table_.users.add(line.cells[0]);
      set(kGender, user, line.cells[gender]);
      set(kAge, user, fmt::format("{}", kMovieLensAges[static_cast<size_t>(group)]));
      set(kOccupation, user, line.cells[3]);
      set(kZip, user, line.cells[4]);
      if (static_cast<size_t>(user) >= domain_of_user_.size())
        domain_of_user_.resize(static_cast<size_t>(user) + 1, -1);
      domain_of_user_[static_cast<size_t>(user)] = domain_number(line, gender, group);
    });
  }

  int32_t domain_number(const Line& line, size_t gender, int64_t group) {
    if (reading_.by == "none") return 0;
    if (reading_.by == "gender") return line.cells[gender] == "F" ? 0 : 1;
    if (reading_.by == "age") return static_cast<int32_t>(group);
    if (reading_.by == "age3") return group <= 1 ? 0 : group == 2 ? 1 : 2;
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
    if (release_.kind == MovieLensRelease::Kind::csv) {
      DelimitedOptions options;
      options.names = {"movieId", "title", "genres"};
      DelimitedSource source({{release_.movies, std::nullopt}}, options);
      for_each_row(source, bad_, [&](const RawChunk& chunk, size_t r) {
        add_movie(chunk.columns[0][r], chunk.columns[1][r], chunk.columns[2][r]);
      });
      return;
    }
    const bool k100 = release_.kind == MovieLensRelease::Kind::k100;
    for_each_line(release_.movies, k100 ? "|" : "::", [&](const Line& line) {
      const size_t cells = k100 ? 5 + kGenres.size() : 3;
      if (line.cells.size() != cells)
        return line.report(bad_, line.cells.size(), fmt::format("{} cells", cells));
      if (!k100) return add_movie(line.cells[0], line.cells[1], line.cells[2]);
      std::string genres;
      for (size_t g = 0; g < kGenres.size(); ++g) {
        if (line.cells[5 + g] != "0" && line.cells[5 + g] != "1")
          return line.report(bad_, 5 + g, "a genre's 0 or 1");
        if (line.cells[5 + g] == "0") continue;
        if (!genres.empty()) genres += '|';
        genres += kGenres[g];
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

  const MovieLensRelease& release_;
  const MovieLensReading& reading_;
  BadLines& bad_;
  Interactions table_;
  std::vector<int32_t> domain_of_user_;
};

}  // namespace

MovieLensRelease find_movielens(const std::string& folder, const NameList& ratings) {
  MovieLensRelease release;
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
    release.kind = MovieLensRelease::Kind::k100;
    release.users = need("u.user");
    release.movies = need("u.item");
  } else if (!find_file(folder, "movies.dat").empty()) {
    if (!rated("ratings.dat"))
      for (int fold = 1; fold <= 5; ++fold) rated(fmt::format("ratings.fold{}.dat", fold));
    release.kind = MovieLensRelease::Kind::m1;
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

Interactions read_movielens(const MovieLensRelease& release, const MovieLensReading& reading,
                            BadLines& bad) {
  return Reader(release, reading, bad).read();
}

}  // namespace ctr
