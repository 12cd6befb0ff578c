#pragma once
// The files of MovieLens-100K, 1M and the newer CSV releases, for converters of them.

#include <array>
#include <string>
#include <vector>

#include "engine/options.h"
#include "io/prepare/interactions.h"

namespace ctr {

// The age groups of MovieLens-1M begin at these years; 100K's years are put into them.
inline constexpr std::array<int64_t, 7> kMovieLensAges = {1, 18, 25, 35, 45, 50, 56};

// The files of a release.
struct MovieLensRelease {
  enum class Kind : uint8_t { k100, m1, csv };
  Kind kind = Kind::csv;
  std::string users, movies;  // users: empty in newer releases
  std::vector<std::string> ratings;

  std::vector<std::string> files() const {
    std::vector<std::string> all = ratings;
    all.push_back(movies);
    if (!users.empty()) all.push_back(users);
    return all;
  }
};

// In a folder, with its files of ratings or these. Throws kind data with what is missing.
MovieLensRelease find_movielens(const std::string& folder, const NameList& ratings);

// How its ratings are read.
struct MovieLensReading {
  std::string by = "none";  // domains: none, gender, age, age3, occupation
  std::vector<std::string> domains = {"all"};
  int64_t valid_fold = 0, test_fold = 0;  // of the files of ratings, from 1; 0: none
};

// Its ratings, with the extras genres and year and, where the release knows users, gender, age,
// occupation and zip.
Interactions read_movielens(const MovieLensRelease& release, const MovieLensReading& reading,
                            BadLines& bad);

}  // namespace ctr
