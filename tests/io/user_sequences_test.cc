// Users' sequences as rows, the converters of such files, and ids taken from another data set.

#include "io/prepare/user_sequences.h"

#include <sstream>

#include <gtest/gtest.h>

#include "tests/io/raw_files.h"

namespace ctr {
namespace {

// Rows as "user clicks > item label split", in the order of reading.
std::string rows_of(const std::string& converter, const std::vector<std::string>& files,
                    const Options& options = {}) {
  const auto made = find_converter(converter).make();
  OptionList list = made->options();
  for (const auto& [name, value] : options) list.set(name, value, converter);
  const PreparePlan plan = made->open(files);
  BadLines bad(BadLinePolicy::error);
  std::string text;
  for_each_row(*plan.source, bad, [&](const RawChunk& chunk, size_t r) {
    text += fmt::format("{} {} > {} {} {}\n", chunk.columns[0][r], chunk.columns[4][r],
                        chunk.columns[1][r], chunk.columns[3][r],
                        kSplitNames[static_cast<size_t>(chunk.split[r])]);
  });
  return text;
}

class SequenceFiles : public RawFiles {};

// numpy.random.RandomState(10).permutation(n).
TEST(NumpyPermutation, IsNumpys) {
  EXPECT_EQ(numpy_permutation(10, 10), (std::vector<int64_t>{8, 2, 5, 6, 3, 1, 0, 7, 4, 9}));
  EXPECT_EQ(numpy_permutation(10, 30),
            (std::vector<int64_t>{20, 7,  5,  2,  3,  21, 13, 27, 12, 1,  19, 14, 18, 6, 11,
                                  23, 24, 28, 22, 10, 26, 29, 8,  25, 16, 17, 0,  15, 4, 9}));
}

TEST_F(SequenceFiles, TheLastItemsAreValidAndTest) {
  const std::string file = write("a.txt", "u 1 2 3 4 5\nv,7,8\nw\t9 1 2\n");
  EXPECT_EQ(rows_of("sequences", {file}, {{"max_length", "2"}}),
            "u 1 2 > 3 1 train\nu 2 3 > 4 1 valid\nu 3 4 > 5 1 test\n"
            "v 7 > 8 1 train\n"
            "w  > 9 1 train\nw 9 > 1 1 valid\nw 9 1 > 2 1 test\n");
}

TEST_F(SequenceFiles, OrUsersAreShared) {
  std::string text;
  for (int u = 0; u < 10; ++u) text += fmt::format("u{} 1 2\n", u);
  const std::string rows = rows_of("sequences", {write("a.txt", text)},
                                   {{"split", "0.6,0.1,0.3"}, {"shuffle", "numpy"}});
  // The order of RandomState(10): 8 2 5 6 3 1 | 0 | 7 4 9.
  for (int u : {7, 4, 9})
    EXPECT_NE(rows.find(fmt::format("u{} 1 > 2 1 test", u)), std::string::npos) << rows;
  EXPECT_NE(rows.find("u0 1 > 2 1 valid"), std::string::npos) << rows;
  EXPECT_NE(rows.find("u8 1 > 2 1 train"), std::string::npos) << rows;
}

TEST_F(SequenceFiles, PaddingIsNoItemInColdRec) {
  EXPECT_EQ(rows_of("coldrec", {write("pre.csv", "0,0,17,4\n5,6,7,8\n")}, {{"split", "1,0,0"}}),
            "1:1 17 > 4 1 train\n1:2 5 6 7 > 8 1 train\n");
}

TEST_F(SequenceFiles, EachTargetOfAUserIsARow) {
  const std::string file = write("fine.csv", "0,17,4,,a,b\n5,6,7,,c\n0,0,0,,a");
  EXPECT_EQ(rows_of("coldrec", {file}, {{"split", "1,0,0"}}),
            "1:1 17 4 > a 1 train\n1:1 17 4 > b 1 train\n1:2 5 6 7 > c 1 train\n"
            "1:3  > a 1 train\n");
  EXPECT_EQ(rows_of("coldrec", {write("two.csv", "0,17,4,,a,b\n5,6,7,,c\n")},
                    {{"split", "1,0,0"}, {"told", "next"}}),
            "1:1 17 > 4 1 train\n1:2 5 6 > 7 1 train\n");
}

TEST_F(SequenceFiles, DrawnTargetsAreOthersInTheSplitOfTheirs) {
  std::string text;
  for (int u = 0; u < 40; ++u) text += fmt::format("1,2,,{}\n", u % 4);
  const std::string file = write("fine.csv", text);
  const Options options{{"negatives", "3"}, {"split", "0.5,0.2,0.3"}};
  const std::string rows = rows_of("coldrec", {file}, options);
  EXPECT_EQ(rows, rows_of("coldrec", {file}, options));
  int64_t count = 0, drawn = 0;
  std::istringstream lines(rows);
  std::string target, split;
  for (std::string user, a, b, arrow, item, label, part;
       lines >> user >> a >> b >> arrow >> item >> label >> part; ++count) {
    if (label == "1") {
      target = item;
      split = part;
    } else {
      ++drawn;
      EXPECT_NE(item, target);
      EXPECT_EQ(part, split);
    }
  }
  EXPECT_EQ(count, 160);
  EXPECT_EQ(drawn, 120);
}

TEST_F(SequenceFiles, TwoDomainsOfC2dsr) {
  const std::string file =
      write("a.txt", "u\t9\t12|30|x|\t3|10|x|\t11|20|x|\t4|20|x|\nv\t9\t3|1|x|\n");
  const Options both{{"boundary", "10"}, {"source", "both"}, {"split", "1,0,0"}};
  EXPECT_EQ(rows_of("c2dsr", {file}, both), "u 3 11 4 > 12 1 train\nv  > 3 1 train\n");
  const Options target{{"boundary", "10"}, {"target", "a"}, {"split", "1,0,0"}};
  EXPECT_EQ(rows_of("c2dsr", {file}, target),
            "u 11 12 > 3 1 train\nu 11 12 > 4 1 train\nv  > 3 1 train\n");
}

TEST_F(SequenceFiles, FilmsInTheOrderOfTime) {
  write("movies.dat", "1::A (1990)::Drama\n2::B (1991)::Drama\n3::C (1992)::Drama\n");
  write("users.dat", "7::F::25::3::1\n8::M::1::4::1\n");
  write("ratings.dat", "7::1::5::30\n8::3::4::9\n7::2::1::10\n7::3::2::20\n");
  EXPECT_EQ(rows_of("movielens_sequences", {folder}, {{"split", "1,0,0"}}),
            "7 2 3 > 1 1 train\n8  > 3 1 train\n");
  EXPECT_EQ(rows_of("movielens_sequences", {folder}, {{"split", "1,0,0"}, {"told", "gender"}}),
            "7 2 3 1 > F 1 train\n8 3 > M 1 train\n");
  write("ratings.dat", "7::1::5\n");
  EXPECT_EQ(message([&] { rows_of("movielens_sequences", {folder}); }),
            "ratings.dat:1: expected a rating with its time, found user, movie and rating alone; "
            "ratings without times have no order; name other files by --ratings (--on-bad-line "
            "skip leaves such lines out)");
}

TEST_F(SequenceFiles, SayWhatIsWrong) {
  auto wrong = [&](const std::string& converter, const std::string& text,
                   const Options& options = {}) {
    return message([&] { rows_of(converter, {write("a", text)}, options); });
  };
  const std::string skip = " (--on-bad-line skip leaves such lines out)";
  EXPECT_EQ(wrong("sequences", "u\n"),
            "a:1: expected a user and at least one item, as 'user item item', found 'u'" + skip);
  EXPECT_EQ(wrong("sequences", "u 1\nu 2\n"),
            "a:2: expected a user that has no line yet, found 'u 2'; all items of a user stand in "
            "one line, oldest first" +
                skip);
  EXPECT_EQ(
      wrong("coldrec", "1,2,,3\n1,2\n"),
      "a:2: expected items, two commas and at least one target, as '17,4,,96', found '1,2'" + skip);
  EXPECT_EQ(
      wrong("c2dsr", "u\t1\t5\n"),
      "a:1:5: expected an event, as '29253|1364428800|2013-03-28 08:00:00|', found '5'" + skip);
  EXPECT_EQ(wrong("coldrec", "1,2,,3\n", {{"split", "last"}}),
            "prepare: --split last cuts sequences, and targets have no order; name shares of users "
            "as 70,3,27");
  EXPECT_EQ(wrong("sequences", "u 1 2\n", {{"negatives", "1"}}),
            "prepare: --negatives are other targets, and these rows tell the next item; leave it "
            "out");
}

// Held-out users keep ids of their own: no model reads them, and metrics group rows by them.
TEST_F(SequenceFiles, UsersOfAllSplitsHaveIds) {
  std::string text;
  for (int u = 0; u < 50; ++u) text += fmt::format("u{} 1 2 3\n", u);
  const Prepared made = prepared("sequences", {write("a.txt", text)}, {{"split", "0.5,0.2,0.3"}});
  const Schema& schema = made.data.schema;
  EXPECT_EQ(schema.fields[0].vocabulary, 52);
  EXPECT_FALSE(schema.fields[0].input);
  for (int32_t id : ids(made.data, "user", Split::test)) EXPECT_GT(id, 1);
  EXPECT_EQ(schema.fields[2].shares, "clicks");
  EXPECT_EQ(schema.fields[2].vocabulary, 5);
}

TEST_F(SequenceFiles, IdsCanBeThoseOfAnotherSet) {
  const Prepared source =
      prepared("coldrec", {write("pre.csv", "5,5,5,6,6,7\n")}, {{"split", "1,0,0"}});
  const auto made = find_converter("coldrec").make();
  OptionList list = made->options();
  list.set("split", "1,0,0", "coldrec");
  PreparePlan plan = made->open({write("fine.csv", "7,8,5,,a\n7,,a")});
  const Field& clicks = source.data.schema.fields[1];
  plan.vocabularies["clicks"] = std::make_shared<const Vocabulary>(
      Vocabulary::load(source.data.vocabulary_path(clicks), clicks.first_token()));
  BadLines bad(BadLinePolicy::error);
  prepare(plan, folder + "/target", bad);
  const Dataset target = read_dataset(folder + "/target");
  EXPECT_EQ(target.schema.fields[1].vocabulary, 5);
  EXPECT_EQ(ids(target, "clicks"), (std::vector<int32_t>{4, 1, 2, 4}))
      << "5 is the most frequent, 8 is unknown";
}

}  // namespace
}  // namespace ctr
