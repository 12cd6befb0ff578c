// The converter amazon: reviews made up and real.

#include <gtest/gtest.h>

#include "tests/io/raw_table.h"

namespace ctr {
namespace {

const std::string kSkip = " (--on-bad-line skip leaves such lines out)";

std::string review(const std::string& user, const std::string& item, double rating, int64_t time,
                   const std::string& more = "") {
  return fmt::format(
      R"({{"reviewerID": "{}", "asin": "{}", "overall": {:.1f}, "unixReviewTime": {}{}}})"
      "\n",
      user, item, rating, time, more);
}

TEST(Amazon, EveryReviewIsAClickAndOnlyEqualOnesAreDropped) {
  Folder folder("amazon");
  folder.write("Gift_Cards_5.json", review("u1", "a", 5, 1) + review("u1", "a", 2, 2) +
                                        review("u1", "a", 5, 3) + review("u2", "b", 1, 4));
  folder.write("reviews_Beauty_5.json", review("u1", "c", 3, 1));
  const RawTable table =
      read_raw("amazon", {{"negatives", "none"}, {"split", "1,0,0"}},
               {folder.path() + "/Gift_Cards_5.json", folder.path() + "/reviews_Beauty_5.json"});
  EXPECT_EQ(table.schema.domain_names, (std::vector<std::string>{"Gift_Cards", "Beauty"}));
  EXPECT_EQ(table.text(),
            "u1 a Gift_Cards 1 train\nu1 a Gift_Cards 1 train\nu2 b Gift_Cards 1 train\n"
            "u1 c Beauty 1 train\n");
}

TEST(Amazon, NegativesAreItemsOfTheCategoryThatTheUserDidNotReview) {
  Folder folder("amazon_negatives");
  std::string text;
  for (int i = 0; i < 10; ++i)
    text += review(fmt::format("u{}", i % 3), fmt::format("{}", i), 4, i);
  folder.write("Books_5.json", text);
  const RawTable table =
      read_raw("amazon", {{"negative_ratio", "0.5"}}, {folder.path() + "/Books_5.json"});
  // Users with 4, 3 and 3 reviews: 6 of the 8 wanted are left, then 6 and 6.
  EXPECT_EQ(table.count([](const RawRow& r) { return r.label == "0"; }), 18);
  for (const RawRow& row : table.rows)
    EXPECT_EQ(row.label == "1", std::stoi(row.item) % 3 == row.user[1] - '0');
}

TEST(Amazon, HistoryHoldsEarlierClicksOfAllCategories) {
  Folder folder("amazon_history");
  folder.write("A_5.json", review("u", "a1", 5, 10) + review("u", "a2", 4, 20) +
                               review("u", "a3", 1, 30) + review("u", "a4", 5, 40) +
                               review("v", "a1", 5, 50));
  folder.write("B_5.json",
               review("u", "b1", 5, 20) + review("u", "b2", 3, 25) + review("u", "b3", 5, 60));
  const RawTable table = read_raw("amazon",
                                  {{"negatives", "none"},
                                   {"positive", ">3"},
                                   {"drop", "3"},
                                   {"history", "2"},
                                   {"features", "time"},
                                   {"split", "1,0,0"}},
                                  {folder.path() + "/A_5.json", folder.path() + "/B_5.json"});
  // a2 and b1 are of one moment; a3 is no click.
  EXPECT_EQ(table.text(),
            "u a1 A 1 train 10 \nu a2 A 1 train 20 a1\nu a3 A 0 train 30 a2|b1\n"
            "u a4 A 1 train 40 a2|b1\nv a1 A 1 train 50 \nu b1 B 1 train 20 a1\n"
            "u b3 B 1 train 60 b1|a4\n");
  EXPECT_EQ(table.schema.fields[3].type, FieldType::numeric);
  EXPECT_EQ(table.schema.fields[4].type, FieldType::sequence);
  EXPECT_EQ(table.schema.fields[4].max_length, 2);
}

TEST(Amazon, FeaturesOfTheReview) {
  Folder folder("amazon_features");
  folder.write("A_5.json",
               review("u", "a", 5, 1441324800,  // 4 September 2015
                      R"(, "vote": "1,024", "style": {"Size:": " M"}, "verified": true)") +
                   R"({"reviewerID": "u", "asin": "b", "overall": 4})"
                   "\n");
  EXPECT_EQ(
      read_raw(
          "amazon",
          {{"negatives", "none"}, {"features", "vote,style,month,verified"}, {"split", "1,0,0"}},
          {folder.path() + "/A_5.json"})
          .text(),
      "u a A 1 train 1024 {\"Size:\":\" M\"} 9 true\nu b A 1 train    \n");
}

TEST(Amazon, TheLastTenthsByTimeAreTestAndValid) {
  Folder folder("amazon_time");
  std::string text;
  for (int i = 0; i < 20; ++i) text += review(fmt::format("u{}", i), "a", 5, 100 - i);
  folder.write("A_5.json", text);
  const RawTable table =
      read_raw("amazon", {{"negatives", "none"}, {"split", "time"}}, {folder.path() + "/A_5.json"});
  for (int i = 0; i < 20; ++i) {
    const Split split = i < 2 ? Split::test : i < 3 ? Split::valid : Split::train;
    EXPECT_EQ(table.rows[static_cast<size_t>(i)].split, split) << i;
  }
}

TEST(Amazon, UnderASplitByTimeNegativesGoWithTheirClicks) {
  Folder folder("amazon_time_negatives");
  std::string text;
  for (int i = 0; i < 20; ++i)
    text += review(fmt::format("u{}", i), fmt::format("a{}", i), 5, 100 - i);
  folder.write("A_5.json", text);
  const RawTable table = read_raw("amazon", {{"split", "time"}, {"negative_ratio", "0.5"}},
                                  {folder.path() + "/A_5.json"});
  EXPECT_EQ(std::ssize(table.rows), 60);
  for (const RawRow& row : table.rows) {
    const int user = std::stoi(row.user.substr(1));
    EXPECT_EQ(row.split, user < 2 ? Split::test : user < 3 ? Split::valid : Split::train);
  }
}

TEST(Amazon, SaysWhatIsWrong) {
  Folder folder("amazon_wrong");
  const std::string path = folder.path() + "/A_5.json";
  auto message = [&](const std::string& text, const Options& options = {}) {
    folder.write("A_5.json", text);
    return error_of([&] { read_raw("amazon", options, {path}); });
  };
  const std::string wanted =
      ": expected a JSON object with reviewerID, asin and the number overall, found ";
  const std::string advice = "; meta files and Python literals are not reviews" + kSkip;
  EXPECT_EQ(message("{'asin': 'a'}\n"), path + ":1" + wanted + "'{'asin': 'a'}'" + advice);
  EXPECT_EQ(message(review("u", "a", 1, 1) + "[]\n"), path + ":2" + wanted + "'[]'" + advice);
  const std::string text_rating = R"({"reviewerID": "u", "asin": "a", "overall": "5"})";
  EXPECT_EQ(message(text_rating), path + ":1" + wanted + "'" + text_rating + "'" + advice);
  const std::string no_time = R"({"reviewerID": "u", "asin": "a", "overall": 5})";
  for (const Options& options :
       {Options{{"split", "time"}}, Options{{"negatives", "none"}, {"features", "time"}},
        Options{{"negatives", "none"}, {"history", "3"}}}) {
    EXPECT_EQ(message(no_time, options),
              path + ":1: expected a review with the whole number unixReviewTime, found '" +
                  no_time + "'; only the feature time, --history and --split time need it" + kSkip);
  }
  EXPECT_EQ(message("", {{"features", "stile"}}),
            "prepare amazon: --features cannot hold 'stile'; did you mean 'style'?");
  EXPECT_EQ(message("", {{"history", "5"}}),
            "prepare amazon: drawn negatives are no reviews, they have no --history and no "
            "--features; use --negatives none with --positive '>3'");
  EXPECT_EQ(error_of([] { read_raw("amazon", {}, {}); }), "prepare amazon: name at least one file");
  folder.write("A_5.json", "{}\n" + review("u", "a", 5, 1));
  const RawTable table = read_raw("amazon", {{"negatives", "none"}}, {path}, BadLinePolicy::skip);
  EXPECT_EQ(table.bad_lines, 1);
  EXPECT_EQ(std::ssize(table.rows), 1);
}

// Counts of a separate reading of the same file in Python.
TEST(Amazon, ReadsTheRealReviews) {
  const std::string folder = real_data("amazon-fashion");
  if (folder.empty()) GTEST_SKIP() << "the Amazon Fashion reviews are not at hand";
  const std::vector<std::string> file = {folder + "/AMAZON_FASHION_5.json.gz"};
  auto user = [](const RawRow& row) { return row.user; };
  auto item = [](const RawRow& row) { return row.item; };
  const RawTable all =
      read_raw("amazon", {{"negatives", "none"}, {"drop_duplicates", "false"}}, file);
  EXPECT_EQ(std::ssize(all.rows), 3'176);
  EXPECT_EQ(all.distinct(user), 406);
  EXPECT_EQ(all.distinct(item), 31);
  EXPECT_EQ(all.schema.domain_names, (std::vector<std::string>{"AMAZON_FASHION"}));
  EXPECT_EQ(std::ssize(read_raw("amazon", {{"negatives", "none"}}, file).rows), 3'051);

  const RawTable rated = read_raw(
      "amazon", {{"negatives", "none"}, {"positive", ">3"}, {"drop", "3"}, {"history", "5"}}, file);
  EXPECT_EQ(std::ssize(rated.rows), 2'732);
  EXPECT_EQ(rated.count([](const RawRow& row) { return row.label == "1"; }), 2'540);
  int64_t items = 0;
  for (const RawRow& row : rated.rows) {
    const std::string& history = row.extras[0];
    if (!history.empty()) items += 1 + std::count(history.begin(), history.end(), '|');
  }
  EXPECT_EQ(items, 48);
}

}  // namespace
}  // namespace ctr
