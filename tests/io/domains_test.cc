// Converters of multi-domain data: made-up directories, wrong input, and the real sets where they
// are at hand.

#include <array>
#include <filesystem>
#include <map>

#include <gtest/gtest.h>

#include "engine/error.h"
#include "io/file.h"
#include "io/prepare/prepare.h"
#include "tests/io/raw_table.h"

namespace ctr {
namespace {

const std::string kSkip = " (--on-bad-line skip leaves such lines out)";
const char* kClicks = "i1,u1,1\ni2,u1,1\ni2,u1,1\ni3,u2,1\n";

TEST(DomainCsv, ReadsPatternsPartsAndDomainsInOrder) {
  Folder folder("domain_csv");
  folder.write("d10_train.csv", kClicks);
  folder.write("d2_train.csv", "i9,u1,1\n");
  folder.write("d2_val.csv", "i8,u2,1\n");
  folder.write("notes.txt", "no data");
  const RawTable table = read_raw("domain-csv",
                                  {{"pattern", "d{domain}_{split}.csv"},
                                   {"columns", "item,user,label"},
                                   {"split", "keep"},
                                   {"negatives", "none"}},
                                  {folder.path()});
  EXPECT_EQ(table.schema.domain_names, (std::vector<std::string>{"2", "10"}));
  EXPECT_EQ(table.text(),
            "u1 i9 2 1 train\nu2 i8 2 1 valid\n"
            "u1 i1 10 1 train\nu1 i2 10 1 train\nu2 i3 10 1 train\n");
}

TEST(DomainCsv, DrawsNegativesAndSplits) {
  Folder folder("domain_csv_draw");
  std::string text = "user,item,rating\n";
  for (int u = 0; u < 50; ++u)
    for (int i = 0; i < 4; ++i) text += fmt::format("u{},i{},{}\n", u, (u * 7 + i) % 40, 1 + i);
  folder.write("books.csv", text);
  const Options options = {
      {"pattern", "{domain}.csv"}, {"label", "rating"}, {"negative_ratio", "0.5"}};
  const RawTable table = read_raw("domain-csv", options, {folder.path()});
  EXPECT_EQ(table.count([](const RawRow& r) { return r.label == "1"; }), 200);
  EXPECT_EQ(table.count([](const RawRow& r) { return r.label == "0"; }), 50 * 8);
  EXPECT_EQ(table.count([](const RawRow& r) { return r.label == "1" && r.split == Split::test; }),
            40);
  // 8 negatives of each user are 4, 2, 2.
  EXPECT_EQ(table.count([](const RawRow& r) { return r.label == "0" && r.split == Split::test; }),
            100);
  EXPECT_EQ(table.text(), read_raw("domain-csv", options, {folder.path()}).text());

  Options rated = options;
  rated.push_back({"positive", ">3"});
  rated.push_back({"drop", "3"});
  rated.push_back({"negatives", "none"});
  const RawTable labelled = read_raw("domain-csv", rated, {folder.path()});
  EXPECT_EQ(labelled.count([](const RawRow& r) { return r.label == "1"; }), 50);
  EXPECT_EQ(labelled.count([](const RawRow& r) { return r.label == "0"; }), 100);
}

TEST(DomainCsv, RepeatedPairsGoUnlessAsked) {
  Folder folder("domain_csv_repeats");
  folder.write("a_train.csv", "i1,u1,5\ni1,u1,3\ni1,u2,3\n");
  folder.write("b_train.csv", "i1,u1,5\n");
  Options options = {{"pattern", "{domain}_{split}.csv"},
                     {"columns", "item,user,rating"},
                     {"label", "rating"},
                     {"split", "keep"},
                     {"negatives", "none"}};
  EXPECT_EQ(read_raw("domain-csv", options, {folder.path()}).text(),
            "u1 i1 a 1 train\nu2 i1 a 1 train\nu1 i1 b 1 train\n");
  options.push_back({"drop_duplicates", "false"});
  EXPECT_EQ(std::ssize(read_raw("domain-csv", options, {folder.path()}).rows), 4);
}

// A domain whose parts hold 3, 1 and 1 clicks of one user, among other users' items.
TEST(DomainCsv, KeptPartsGetTheirOwnNegatives) {
  Folder folder("domain_csv_parts");
  std::string others;
  for (int i = 0; i < 40; ++i) others += fmt::format("i{},other,1\n", i);
  folder.write("a_train.csv", others + "x1,u,1\nx2,u,1\nx3,u,1\n");
  folder.write("a_val.csv", "x4,u,1\n");
  folder.write("a_test.csv", "x5,u,1\n");
  const RawTable table = read_raw("domain-csv",
                                  {{"pattern", "{domain}_{split}.csv"},
                                   {"columns", "item,user,label"},
                                   {"split", "keep"},
                                   {"negative_ratio", "0.4"}},
                                  {folder.path()});
  const int64_t expected[] = {7, 2, 2};  // int(3 / .4), int(1 / .4)
  for (Split split : {Split::train, Split::valid, Split::test}) {
    EXPECT_EQ(table.count([&](const RawRow& r) {
      return r.user == "u" && r.label == "0" && r.split == split;
    }),
              expected[static_cast<size_t>(split)]);
  }
}

TEST(DomainCsv, SaysWhatIsWrong) {
  Folder folder("domain_csv_wrong");
  folder.write("a_train.csv", "i1,u1,1\ni2,,1\n");
  const Options columns = {{"pattern", "{domain}_{split}.csv"}, {"columns", "item,user,label"}};
  auto message = [&](const Options& more) {
    Options options = columns;
    options.insert(options.end(), more.begin(), more.end());
    return error_of([&] { read_raw("domain-csv", options, {folder.path()}); });
  };
  const std::string file = folder.path() + "/a_train.csv";
  EXPECT_EQ(message({}),
            file + ":2:4: expected a user, found nothing; check --columns and --delimiter" + kSkip);
  folder.write("a_train.csv", "i1,u1,x\n");
  EXPECT_EQ(message({}),
            file + ":1:7: expected a number, found 'x'; check --columns and --delimiter" + kSkip);
  EXPECT_EQ(message({{"pattern", "{split}.csv"}}),
            "prepare: --pattern must contain {domain}, got '{split}.csv'");
  EXPECT_EQ(message({{"pattern", "x{domain}"}}),
            folder.path() + ": no file fits --pattern 'x{domain}'; set --pattern");
  EXPECT_EQ(message({{"user", "item_"}}),
            "prepare: --columns has no 'item_'; did you mean 'item'?");
  EXPECT_EQ(message({{"domains", "bees"}}), "prepare: no file of domain 'bees'; known are: a");
  EXPECT_EQ(message({{"split", "time"}}), "prepare: --split time needs --time COLUMN");
  EXPECT_EQ(message({{"split", "often"}}),
            "prepare: --split takes keep, spec, time, time-random or shares as 0.8,0.1,0.1; got "
            "'often'");
  EXPECT_EQ(message({{"positive", "good"}}),
            "prepare: --positive takes 'all' or a comparison such as '>3', '>=4' or '==5', got "
            "'good'");
  EXPECT_EQ(message({{"negative_ratio", "many"}}),
            "prepare: --negative-ratio takes 'spec' or a number of clicks per negative, got "
            "'many'");
  EXPECT_EQ(message({{"delimiter", "::"}}),
            "prepare: --delimiter takes one character or 'tab', got '::'");
  EXPECT_EQ(message({{"pattern", "{domain}_train.csv"}, {"split", "keep"}}),
            "prepare: --split keep needs {split} in --pattern, got '{domain}_train.csv'");
  EXPECT_EQ(error_of([&] { read_raw("domain-csv", columns, {file + "x"}); }),
            "prepare: '" + file + "x' does not fit --pattern '{domain}_{split}.csv'");
}

TEST(DomainCsv, ReadsTheTaobaoAds) {
  const std::string folder = real_data("taobao-ad");
  if (folder.empty()) GTEST_SKIP() << "the Taobao ad clicks are not at hand";
  const Options options = {{"pattern", "d{domain}_{split}.csv.gz"}, {"columns", "item,user,label"}};
  const RawTable table = read_raw("domain-csv", options, {folder});
  EXPECT_EQ(table.distinct([](const RawRow& r) { return r.user; }), 119'197);
  EXPECT_EQ(table.distinct([](const RawRow& r) { return r.item; }), 14'803);
  // Clicks and negatives of train, valid and test: a separate count in Python.
  const std::map<std::string, std::array<int64_t, 6>> expected = {
      {"2", {17521, 5841, 5841, 74117, 27104, 28248}},
      {"3", {67129, 22377, 22377, 257928, 102434, 108083}},
      {"4", {7539, 2513, 2513, 19437, 8456, 10074}},
      {"5", {50223, 16741, 16742, 205721, 73679, 77734}},
      {"6", {18018, 6006, 6007, 32185, 9940, 18519}},
      {"7", {12295, 4098, 4099, 51273, 20249, 20453}},
      {"8", {11991, 3997, 3998, 27595, 8530, 13854}},
      {"9", {39572, 13191, 13191, 113304, 45754, 52379}}};
  std::map<std::string, std::array<int64_t, 6>> found;
  for (const RawRow& row : table.rows)
    ++found[row.domain][static_cast<size_t>(row.split) + (row.label == "1" ? 0 : 3)];
  EXPECT_EQ(found, expected);
}

TEST(DomainCsv, ReadsAmazon6) {
  const std::string folder = real_data("amazon-6");
  if (folder.empty()) GTEST_SKIP() << "Amazon-6 is not at hand";
  const RawTable table = read_raw("domain-csv",
                                  {{"columns", "item,user,rating"},
                                   {"label", "rating"},
                                   {"negatives", "none"},
                                   {"drop_duplicates", "false"}},
                                  {folder});
  EXPECT_EQ(table.schema.domains, 6);
  EXPECT_EQ(std::ssize(table.rows), 707'901);
  EXPECT_EQ(table.distinct([](const RawRow& r) { return r.user; }), 153'297);
  EXPECT_EQ(table.distinct([](const RawRow& r) { return r.item; }), 66'317);
}

// A release in the layout of MovieLens-1M: two users, two movies.
void write_m1(const Folder& folder) {
  folder.write("users.dat", "1::F::1::10::48067\n2::M::56::16::70072\n");
  folder.write("movies.dat", "1::Toy Story (1995)::Animation|Comedy\n7::Star: Wars (1977)::War\n");
  folder.write("ratings.dat", "1::1::5::978300760\n1::7::3::978300761\n2::7::4::978300762\n");
}

TEST(MovieLens, ReadsTheLayoutOf1M) {
  Folder folder("ml_1m");
  write_m1(folder);
  EXPECT_EQ(read_raw("movielens", {{"split", "1,0,0"}}, {folder.path()}).text(),
            "1 1 F 1 train Animation|Comedy 1995 F 1 10 48067\n"
            "1 7 F 0 train War 1977 F 1 10 48067\n"
            "2 7 M 0 train War 1977 M 56 16 70072\n");
  const RawTable ages =
      read_raw("movielens", {{"by", "age"}, {"positive", ">=4"}, {"drop", "3"}}, {folder.path()});
  EXPECT_EQ(ages.schema.domains, 7);
  EXPECT_EQ(ages.text(),
            "1 1 1 1 train Animation|Comedy 1995 F 1 10 48067\n"
            "2 7 56 1 train War 1977 M 56 16 70072\n");
  const RawTable jobs = read_raw("movielens", {{"by", "occupation"}}, {folder.path()});
  EXPECT_EQ(jobs.schema.domain_names, (std::vector<std::string>{"10", "16"}));
  EXPECT_EQ(jobs.rows[2].domain, "16");
}

TEST(MovieLens, ReadsFoldsAndTheNewerReleases) {
  Folder folder("ml_folds");
  write_m1(folder);
  std::filesystem::remove(folder.path() + "/ratings.dat");
  for (int fold = 1; fold <= 5; ++fold)
    folder.write(fmt::format("ratings.fold{}.dat", fold),
                 fmt::format("1,{},5\n", fold % 2 ? 1 : 7));
  const RawTable table =
      read_raw("movielens", {{"split", "keep"}, {"drop_duplicates", "false"}}, {folder.path()});
  EXPECT_EQ(table.count([](const RawRow& r) { return r.split == Split::train; }), 3);
  EXPECT_EQ(table.rows[3].split, Split::valid);
  EXPECT_EQ(table.rows[4].split, Split::test);

  Folder csv("ml_latest");
  csv.write("movies.csv", "movieId,title,genres\n3,\"Man, The (1990)\",(no genres listed)\n");
  csv.write("ratings.csv", "userId,movieId,rating,timestamp\n9,3,4.5,964982703\n");
  EXPECT_EQ(read_raw("movielens", {{"by", "none"}, {"positive", ">3"}}, {csv.path()}).text(),
            "9 3 all 1 train  1990\n");
  EXPECT_EQ(error_of([&] { read_raw("movielens", {}, {csv.path()}); }),
            "prepare movielens: this release says nothing of its users, so --by must be none, got "
            "'gender'");
}

TEST(MovieLens, SaysWhatIsWrong) {
  Folder folder("ml_wrong");
  auto message = [&](const char* name, const std::string& text, const Options& options = {}) {
    write_m1(folder);
    folder.write(name, text);
    return error_of([&] { read_raw("movielens", options, {folder.path()}); });
  };
  const std::string at = folder.path() + "/";
  EXPECT_EQ(message("users.dat", "1::X::1::10::48067\n"),
            at + "users.dat:1:4: expected a gender F or M, found 'X'" + kSkip);
  EXPECT_EQ(message("users.dat", "1::F::old::10::48067\n"),
            at + "users.dat:1:7: expected an age from 1 to 120, found 'old'" + kSkip);
  EXPECT_EQ(message("users.dat", "1::F\n"),
            at + "users.dat:1: expected 5 cells, found '1::F'" + kSkip);
  EXPECT_EQ(message("movies.dat", "1::A (1990)\n"),
            at + "movies.dat:1: expected 3 cells, found '1::A (1990)'" + kSkip);
  EXPECT_EQ(message("ratings.dat", "1::1::5::1\n8::1::5::1\n"),
            at + "ratings.dat:2:1: expected a user of " + at + "users.dat, found '8'" + kSkip);
  EXPECT_EQ(message("ratings.dat", "1::2::5::1\n"),
            at + "ratings.dat:1:4: expected a movie of " + at + "movies.dat, found '2'" + kSkip);
  EXPECT_EQ(message("ratings.dat", "1::1::9::1\n"),
            at + "ratings.dat:1:7: expected a rating from 0.5 to 5, found '9'" + kSkip);
  EXPECT_EQ(message("ratings.dat", "1::1::5::noon\n"),
            at + "ratings.dat:1:10: expected a time as a whole number, found 'noon'" + kSkip);
  EXPECT_EQ(
      message("ratings.dat", "1::1\n"),
      at + "ratings.dat:1: expected user, movie, rating and perhaps a time, found '1::1'" + kSkip);
  EXPECT_EQ(message("x", "", {{"split", "keep"}}),
            "prepare movielens: --split keep needs 5 files of ratings, found 1");
  EXPECT_EQ(message("ratings.dat", "1,1,5\n", {{"split", "time"}}),
            "prepare: --split time needs times, the input has none; use --split spec");
  EXPECT_EQ(message("x", "", {{"ratings", "r.dat"}}),
            folder.path() + ": there is no file 'r.dat' (or r.dat.gz); unpack the release whole");
  Folder empty("ml_empty");
  EXPECT_NE(error_of([&] {
              read_raw("movielens", {}, {empty.path()});
            }).find("expected the files of MovieLens-100K"),
            std::string::npos);
  EXPECT_EQ(error_of([&] {
              read_raw("movielens", {}, {"a", "b"});
            }),
            "prepare movielens: name one directory, got 2 inputs");
  write_m1(folder);
  folder.write("ratings.dat", "1::1::5::1\n8::1::5::1\n2::1::9::1\n");
  const RawTable table = read_raw("movielens", {}, {folder.path()}, BadLinePolicy::skip);
  EXPECT_EQ(table.bad_lines, 2);
  EXPECT_EQ(std::ssize(table.rows), 1);
}

TEST(MovieLens, ReadsTheRealReleases) {
  const std::string m1 = real_data("ml-1m"), k100 = real_data("ml-100k");
  if (m1.empty() || k100.empty()) GTEST_SKIP() << "MovieLens is not at hand";
  const RawTable table = read_raw("movielens", {{"by", "age3"}, {"positive", ">3"}}, {m1});
  EXPECT_EQ(std::ssize(table.rows), 1'000'209);
  EXPECT_EQ(table.distinct([](const RawRow& r) { return r.user; }), 6'040);
  EXPECT_EQ(table.distinct([](const RawRow& r) { return r.item; }), 3'706);
  const int64_t rows[] = {210'747, 395'556, 393'906}, users[] = {1'325, 2'096, 2'619};
  for (size_t d = 0; d < 3; ++d) {
    const std::string& name = table.schema.domain_names[d];
    EXPECT_EQ(table.count([&](const RawRow& r) { return r.domain == name; }), rows[d]);
    EXPECT_EQ(table.distinct([&](const RawRow& r) { return r.domain == name ? r.user : "1"; }),
              users[d] + (d == 0 ? 0 : 1));
  }
  EXPECT_EQ(std::ssize(read_raw("movielens", {{"ratings", "ratings.users1-2999.dat"}}, {m1}).rows),
            487'650);
  const RawTable small = read_raw("movielens", {{"by", "occupation"}}, {k100});
  EXPECT_EQ(std::ssize(small.rows), 100'000);
  EXPECT_EQ(small.schema.domains, 21);
  EXPECT_EQ(small.distinct([](const RawRow& r) { return r.item; }), 1'682);
}

}  // namespace
}  // namespace ctr
