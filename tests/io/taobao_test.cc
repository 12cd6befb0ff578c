// The converter taobao on made-up files in the layout of Tianchi 9716.

#include <gtest/gtest.h>

#include "io/dataset.h"
#include "io/vocabulary.h"
#include "tests/io/raw_table.h"

namespace ctr {
namespace {

const std::string kSkip = " (--on-bad-line skip leaves such lines out)";

// As MLoRA publishes config_10_time.json; the others differ in theme_num and split_save_path.
// `old` in it is replaced by `other`.
std::string config(const std::string& path, int themes, const std::string& old = "",
                   const std::string& other = "") {
  std::string text = fmt::format(R"({{
  "theme_num": {}, "raw_data_path": "raw_data", "processed_data_path": "processed_data",
  "rebuild": false, "split_save_path": "{}", "split_policy": "split_by_theme", "seed": 123,
  "cores": 8, "ctr_ratio": 0.5, "random_range": true, "ctr_ratio_range": [0.2, 0.5],
  "train_val_test": [0.6, 0.2, 0.2]}})",
                                 themes, path);
  return text.replace(text.find(old), old.size(), other);
}

// 128 numbers: `first`, then zeros.
std::string vector_text(double first) {
  std::string text = fmt::format("{}", first);
  for (int i = 1; i < 128; ++i) text += " 0";
  return text;
}

class Taobao : public testing::Test {
 protected:
  Folder folder{"taobao"};
  const std::string log = folder.path() + "/theme_click_log.csv";

  // Users and items 1 to 9 have vectors that begin with their number, items' in tenths.
  void SetUp() override {
    std::string users = "user_id,user_emb\n", items = "item_id,item_emb\n";
    for (int i = 1; i <= 9; ++i) {
      users += fmt::format("{},{}\n", i, vector_text(i));
      items += fmt::format("{},{}\n", i, vector_text(i * 0.1));
    }
    folder.write("user_embedding.csv", users);
    folder.write("item_embedding.csv", items);
  }
  void write_log(const std::string& lines) const {
    folder.write("theme_click_log.csv",
                 "user_id,theme_id,item_id,leaf_cate_id,cate_level1_id,reach_time\n" + lines);
  }
  RawTable read(Options options, BadLinePolicy policy = BadLinePolicy::error) const {
    return read_raw("taobao", options, {folder.path()}, policy);
  }
  std::string message(const Options& options = {}) const {
    return error_of([&] { read(options); });
  }
};

const char* kNoon = "0,0,2018-03-05 12:00:00\n";

TEST_F(Taobao, ThemesAreNumberedByFirstLineAndKeptWhereVectorsAre) {
  write_log(std::string("7,T9,99,") + kNoon +  // no vector of item 99: T9 is first, but empty
            "1,T5,1," + kNoon + "2,T7,2," + kNoon + "3,T5,3," + kNoon + "99,T7,1," + kNoon +
            "1,T5,1," + kNoon + "4,T1,4," + kNoon);
  const Options options = {{"themes", "2"}, {"negatives", "none"}, {"split", "1,0,0"}};
  const RawTable table = read(options);
  EXPECT_EQ(table.text(), "1 1 T5 1 train\n3 3 T5 1 train\n2 2 T7 1 train\n");
  EXPECT_EQ(read({{"themes", "-1"}, {"negatives", "none"}}).distinct([](const RawRow& row) {
    return row.domain;
  }),
            3);
}

TEST_F(Taobao, ColumnsAreFoundByName) {
  folder.write("theme_click_log.csv",
               "reach_time,item_id,user_id,theme_id\n2018-03-05 12:00:00,4,5,T\n");
  EXPECT_EQ(read({{"negatives", "none"}}).text(), "5 4 T 1 train\n");
}

TEST_F(Taobao, NegativesFollowTheRatiosOfTheDomains) {
  std::string lines;
  for (int theme = 0; theme < 2; ++theme)
    for (int i = 1; i <= 9; ++i) lines += fmt::format("{},T{},{},", i, theme, i) + kNoon;
  write_log(lines);
  const RawTable table = read({});
  for (const char* theme : {"T0", "T1"}) {
    // int(1 / .22) and int(1 / .23): four negatives for each user's one click, as 2, 1, 1.
    auto rows = [&](const char* label, Split split) {
      return table.count([&](const RawRow& row) {
        return row.domain == theme && row.label == label && row.split == split;
      });
    };
    EXPECT_EQ(rows("0", Split::train), 18);
    EXPECT_EQ(rows("0", Split::valid), 9);
    EXPECT_EQ(rows("0", Split::test), 9);
    EXPECT_EQ(rows("1", Split::train), 5);
    EXPECT_EQ(rows("1", Split::valid), 2);
    EXPECT_EQ(rows("1", Split::test), 2);
  }
  const RawTable half = read({{"negative_ratio", "0.5"}});
  EXPECT_EQ(half.count([](const RawRow& row) { return row.label == "0"; }), 36);
}

TEST_F(Taobao, ReadsThePublishedConfigurations) {
  std::string lines;
  for (int theme = 0; theme < 3; ++theme)
    for (int i = 1; i <= 9; ++i) lines += fmt::format("{},T{},{},", i, theme, i) + kNoon;
  write_log(lines);
  folder.write("config.json", config("split_by_theme_2", 2));
  const Options options = {{"config", folder.path() + "/config.json"}};
  EXPECT_EQ(read(options).text(), read({{"themes", "2"}}).text());

  folder.write("config.json", config("split_by_theme_all", -1, "true", "false"));
  EXPECT_EQ(read(options).text(), read({{"themes", "-1"}, {"negative_ratio", "0.5"}}).text());

  folder.write("config.json", config("split_by_theme_3", 3, "[0.6, 0.2, 0.2]", "[0.8, 0.1, 0.1]"));
  EXPECT_EQ(read(options).text(), read({{"themes", "3"}, {"split", "0.8,0.1,0.1"}}).text());
}

TEST_F(Taobao, ByTimeTheFirstClicksAreForTraining) {
  std::string lines;
  for (int i = 1; i <= 9; ++i)  // backwards in time; the pair 9, 9 again at another moment
    lines += fmt::format("{},T,{},0,0,2018-03-{:02} 12:00:00\n", i, i, 20 - i);
  lines += "9,T,9,0,0,2018-03-01 08:00:00\n9,T,9,0,0,2018-03-01 08:00:00\n";
  write_log(lines);
  folder.write("config.json", config("split_by_theme_10_time", 10));
  const RawTable table = read({{"config", folder.path() + "/config.json"}});
  const auto clicks = [](const RawRow& row) { return row.label == "1"; };
  EXPECT_EQ(table.count(clicks), 10);  // the same pair at another moment is another click
  int64_t parts[3] = {0, 0, 0};
  for (const RawRow& row : table.rows) {
    if (!clicks(row)) continue;
    EXPECT_EQ(row.split == Split::train, std::stoi(row.user) >= 5) << row.user;
    ++parts[static_cast<size_t>(row.split)];
  }
  EXPECT_EQ(parts[0], 6);
  EXPECT_EQ(parts[1], 2);
  EXPECT_EQ(parts[2], 2);
  // Negatives are at random: user 9's eight (int(2 / .22) = 9, but 8 items are left) as 4, 2, 2.
  auto negatives = [&](Split split) {
    return table.count(
        [&](const RawRow& row) { return row.user == "9" && !clicks(row) && row.split == split; });
  };
  EXPECT_EQ(negatives(Split::train), 4);
  EXPECT_EQ(negatives(Split::valid), 2);
  EXPECT_EQ(negatives(Split::test), 2);
}

TEST_F(Taobao, VectorsStandInTheRowsOfTheirTokens) {
  std::string lines;
  for (int i = 9; i >= 1; --i) lines += fmt::format("{},T,{},", i, 10 - i) + kNoon;
  write_log(lines);
  const auto converter = find_converter("taobao").make();
  PreparePlan plan = converter->open({folder.path()});
  BadLines bad(BadLinePolicy::error);
  prepare(plan, folder.path() + "/out", bad);
  const Dataset data = read_dataset(folder.path() + "/out");
  EXPECT_EQ(data.schema.domain_names, (std::vector<std::string>{"T"}));
  const double units[] = {1, 0.1};
  for (size_t f = 0; f < 2; ++f) {
    const Field& field = data.schema.fields[f];
    const Tensor& table = data.vectors.at(field.vectors);
    ASSERT_EQ(table.shape(), (Shape{field.vocabulary, 128}));
    const Vocabulary tokens = Vocabulary::load(data.vocabulary_path(field), field.first_token());
    ASSERT_EQ(tokens.size(), 11);
    for (int64_t id = 0; id < field.vocabulary; ++id) {
      const double expected =
          id < field.first_token() ? 0 : std::stod(std::string(tokens.token_of(id))) * units[f];
      EXPECT_FLOAT_EQ(table.data<float>()[id * 128], static_cast<float>(expected));
    }
  }
}

TEST_F(Taobao, SaysWhatIsWrongInTheLog) {
  write_log("1,T,1,0,0\n");
  EXPECT_EQ(message(), log + ":2: expected 6 cells, found '1,T,1,0,0'" + kSkip);
  write_log("1,T,1,0,0,noon\n");
  EXPECT_EQ(message(), log + ":2:11: expected a time, found 'noon'" + kSkip);
  folder.write("theme_click_log.csv", "user_id,themeid,item_id,reach_time\n");
  EXPECT_EQ(message(), log + ":1: there is no column 'theme_id'; did you mean 'themeid'?");
  EXPECT_EQ(error_of([] {
              read_raw("taobao", {}, {"a", "b"});
            }),
            "prepare taobao: name one directory, got 2 inputs");
  write_log(std::string("1,T,1,0,0,noon\n2,T,2,") + kNoon);
  const RawTable table = read({{"negatives", "none"}}, BadLinePolicy::skip);
  EXPECT_EQ(table.bad_lines, 1);
  EXPECT_EQ(std::ssize(table.rows), 1);
}

TEST_F(Taobao, SaysWhatIsWrongInVectors) {
  write_log(std::string("1,T,1,") + kNoon + "2,T,2," + kNoon);
  const std::string users = folder.path() + "/user_embedding.csv";
  const std::string wanted = "expected an id, a comma and 128 numbers with single spaces, found ";
  folder.write("user_embedding.csv", "user_id,user_emb\n1,0.5 0.25\n2," + vector_text(2) + "\n");
  EXPECT_EQ(message(), users + ":2:3: " + wanted + "'0.5 0.25'" + kSkip);
  const RawTable table = read({{"negatives", "none"}}, BadLinePolicy::skip);
  EXPECT_EQ(table.bad_lines, 1);
  EXPECT_EQ(table.text(), "2 2 T 1 train\n");
  folder.write("user_embedding.csv", "user_id,user_emb\n1\n");
  EXPECT_EQ(message(), users + ":2: " + wanted + "'1'" + kSkip);
  folder.write("user_embedding.csv", "1," + vector_text(1) + "\n");
  EXPECT_EQ(message(), users + ":1: expected a header line, found a vector; put one before it");
}

TEST_F(Taobao, SaysWhatIsWrongInAConfiguration) {
  write_log(std::string("1,T,1,") + kNoon);
  const std::string path = folder.path() + "/config.json";
  auto refusal = [&](const std::string& text) {
    folder.write("config.json", text);
    return message({{"config", path}});
  };
  EXPECT_EQ(refusal(R"({"theme_nun": 10})"),
            path + ": unknown key 'theme_nun'; did you mean 'theme_num'?");
  folder.write("config.json", config("x", 10));
  EXPECT_EQ(message({{"config", path}, {"themes", "20"}}),
            "prepare taobao: --config " + path +
                " sets --themes, --split, --seed and --negative-ratio; leave them out");
  EXPECT_EQ(refusal("[10]"), path + ": expected an object");
  EXPECT_EQ(refusal(config("x", 10, "\"split_by_theme\"", "\"split_by_user\"")),
            path + ": split_policy is 'split_by_user', only split_by_theme is known");
  EXPECT_EQ(refusal(R"({"ctr_ratio_range": [0.1, 0.9]})"),
            path + ": ctr_ratio_range is [0.1, 0.9], only [0.2, 0.5] is known");
  EXPECT_EQ(refusal(R"({"train_val_test": [0.6, 0.4]})"),
            path + ": train_val_test must hold three shares");
  EXPECT_EQ(refusal(config("a_time", 10, "[0.6, 0.2, 0.2]", "[0.8, 0.1, 0.1]")),
            path + ": train_val_test is [0.8, 0.1, 0.1], by time only [0.6, 0.2, 0.2] is known");
  EXPECT_TRUE(refusal(R"({"theme_num": "ten"})").starts_with(path + ": "));
}

}  // namespace
}  // namespace ctr
