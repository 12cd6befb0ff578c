// Vocabularies: order, lookups, and files that are refused when changed.

#include "io/vocabulary.h"

#include <algorithm>
#include <map>

#include "engine/rng.h"
#include "tests/io/raw_files.h"

namespace ctr {
namespace {

using VocabularyFiles = RawFiles;
using Order = Vocabulary::Order;

void add(Vocabulary& vocabulary, const std::vector<std::string>& tokens) {
  const std::vector<std::string_view> views(tokens.begin(), tokens.end());
  vocabulary.add(views);
}

TEST(Vocabulary, OrdersByCountThenBytes) {
  Vocabulary v;
  add(v,
      {"b", "a", "longer than eight bytes 2", "b", "longer than eight bytes 1", "", "\xff", "z"});
  add(v, {"z", "z"});
  v.finish(2, 1, Order::by_count);
  const std::vector<std::string> expected{
      "z", "b", "", "a", "longer than eight bytes 1", "longer than eight bytes 2", "\xff"};
  ASSERT_EQ(v.size(), 2 + static_cast<int64_t>(expected.size()));
  for (size_t i = 0; i < expected.size(); ++i) {
    const auto id = static_cast<int64_t>(i) + 2;
    EXPECT_EQ(v.token_of(id), expected[i]);
    EXPECT_EQ(v.find(expected[i]), id);
  }
  EXPECT_EQ(v.count_of(2), 3);
  EXPECT_EQ(v.count_of(4), 1);
  EXPECT_EQ(v.find("c"), Vocabulary::kUnknown);
  EXPECT_THROW(v.token_of(1), Error);
  EXPECT_THROW(v.token_of(9), Error);
}

TEST(Vocabulary, LeavesRareTokensOut) {
  Vocabulary v;
  add(v, {"a", "b", "a", "c", "a", "b"});
  v.finish(0, 2, Order::by_count);
  EXPECT_EQ(v.size(), 2);
  EXPECT_EQ(v.rare(), 1);
  EXPECT_EQ(v.find("b"), 1);
  EXPECT_EQ(v.find("c"), Vocabulary::kUnknown);
}

TEST(Vocabulary, KeepsTheOrderOfAppearance) {
  Vocabulary v;
  add(v, {"north", "south", "north", "east", "south", "south"});
  v.finish(0, 1, Order::by_appearance);
  EXPECT_EQ(v.find("north"), 0);
  EXPECT_EQ(v.find("south"), 1);
  EXPECT_EQ(v.find("east"), 2);
  EXPECT_EQ(v.count_of(1), 3);
}

// Many tokens, through several growths of the table, against std::map.
TEST(Vocabulary, AgreesWithAMap) {
  const RandomStream random{7, 0, 0};
  Vocabulary v;
  std::map<std::string, int64_t> counts;
  std::vector<std::string> tokens;
  for (uint64_t i = 0; i < 60000; ++i) {
    tokens.push_back(std::to_string(random.below(1 + random.below(20000, 2 * i), 2 * i + 1)));
    if (i % 50 == 0) tokens.back() += std::string(300, 'x');
    ++counts[tokens.back()];
  }
  add(v, tokens);
  v.finish(2, 3, Order::by_count);
  std::vector<std::pair<int64_t, std::string>> kept;
  for (const auto& [token, count] : counts) {
    if (count >= 3) kept.emplace_back(-count, token);
  }
  std::sort(kept.begin(), kept.end());
  ASSERT_EQ(v.size(), 2 + static_cast<int64_t>(kept.size()));
  EXPECT_EQ(v.rare(), static_cast<int64_t>(counts.size() - kept.size()));
  for (size_t i = 0; i < kept.size(); ++i) {
    ASSERT_EQ(v.token_of(static_cast<int64_t>(i) + 2), kept[i].second);
    ASSERT_EQ(v.count_of(static_cast<int64_t>(i) + 2), -kept[i].first);
    ASSERT_EQ(v.find(kept[i].second), static_cast<int64_t>(i) + 2);
  }
}

TEST_F(VocabularyFiles, GiveBackTheirTokens) {
  Vocabulary v;
  const std::vector<std::string> tokens{
      "tab\there", "new\nline", "back\\slash",          "return\r",
      "",          "\\t",       std::string(1000, 'y'), "ünï"};
  add(v, tokens);
  add(v, {"ünï"});
  v.finish(2, 1, Order::by_count);
  v.save(folder + "/v.tsv");
  const Vocabulary loaded = Vocabulary::load(folder + "/v.tsv", 2);
  ASSERT_EQ(loaded.size(), v.size());
  for (const std::string& token : tokens) {
    EXPECT_EQ(loaded.find(token), v.find(token)) << token;
    EXPECT_EQ(loaded.token_of(loaded.find(token)), token);
  }
  EXPECT_EQ(loaded.count_of(2), 2);
  EXPECT_EQ(loaded.find("tab"), Vocabulary::kUnknown);
}

TEST_F(VocabularyFiles, AreRefusedWhenDamaged) {
  Vocabulary v;
  add(v, {"a", "b", "c"});
  v.finish(0, 1, Order::by_count);
  v.save(folder + "/v.tsv");
  const std::string whole = read_text(folder + "/v.tsv");
  auto refusal = [&](const std::string& text) {
    return message([&] { Vocabulary::load(write("w.tsv", text), 0); });
  };
  EXPECT_EQ(refusal(whole), "accepted");
  std::string changed = whole;
  changed[whole.size() - 2] = 'x';
  for (const std::string& text : {changed, whole.substr(0, whole.size() - 4), whole + "1\td\n",
                                  std::string(), whole.substr(0, 10), "1\ta\n" + whole}) {
    EXPECT_NE(refusal(text).find("w.tsv: not a vocabulary of"), std::string::npos) << text;
  }
  EXPECT_NE(message([&] { Vocabulary::load(folder + "/none.tsv", 0); }).find("cannot open"),
            std::string::npos);
}

}  // namespace
}  // namespace ctr
