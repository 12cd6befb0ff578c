#include "io/vocabulary.h"

#include <unistd.h>

#include <map>

#include <gtest/gtest.h>

#include "engine/rng.h"
#include "io/file.h"
#include "tests/io/raw_table.h"

namespace ctr {
namespace {

using Tokens = std::vector<std::string_view>;

TEST(Vocabulary, NumbersTokensByCountThenBytes) {
  Vocabulary vocabulary;
  vocabulary.add(Tokens{"b", "a", "c", "a", "rare", "c", "", "b", "a", ""});
  vocabulary.finish(2, 2, Vocabulary::Order::by_count);
  EXPECT_EQ(vocabulary.find("a"), 2);
  EXPECT_EQ(vocabulary.find(""), 3);
  EXPECT_EQ(vocabulary.find("b"), 4);
  EXPECT_EQ(vocabulary.find("c"), 5);
  EXPECT_EQ(vocabulary.find("rare"), Vocabulary::kUnknown);
  EXPECT_EQ(vocabulary.find("new"), Vocabulary::kUnknown);
  EXPECT_EQ(vocabulary.size(), 6);
  EXPECT_EQ(vocabulary.rare(), 1);
  EXPECT_EQ(vocabulary.count_of(2), 3);
  EXPECT_EQ(vocabulary.token_of(4), "b");
  EXPECT_NE(error_of([&] { vocabulary.token_of(1); }).find("id 1 has no token in [2, 6)"),
            std::string::npos);
}

TEST(Vocabulary, DeclaredTokensComeFirst) {
  Vocabulary vocabulary;
  vocabulary.declare(Tokens{"x", "never"});
  vocabulary.add(Tokens{"y", "x", "y"});
  vocabulary.finish(0, 1, Vocabulary::Order::by_appearance);
  EXPECT_EQ(vocabulary.find("x"), 0);
  EXPECT_EQ(vocabulary.find("never"), 1);
  EXPECT_EQ(vocabulary.find("y"), 2);
  EXPECT_EQ(vocabulary.count_of(0), 1);
  EXPECT_EQ(vocabulary.count_of(1), 0);
}

TEST(Vocabulary, CountsAsAMapDoes) {
  std::vector<std::string> made;
  const RandomStream random{5, 6, 0};
  for (uint64_t i = 0; i < 50000; ++i) {
    const auto u = static_cast<uint64_t>(20000 * random.uniform(i) * random.uniform(i + 1000000));
    made.push_back(u % 7 == 0 ? std::string(u % 700, 'x') : std::to_string(u * u));
  }
  std::map<std::string, int64_t> expected;
  for (const std::string& token : made) ++expected[token];
  Vocabulary vocabulary;
  vocabulary.add(Tokens(made.begin(), made.end()));
  vocabulary.finish(2, 1, Vocabulary::Order::by_count);
  EXPECT_EQ(vocabulary.size(), 2 + static_cast<int64_t>(expected.size()));
  for (const auto& [token, count] : expected) {
    const int64_t id = vocabulary.find(token);
    ASSERT_GE(id, 2);
    ASSERT_EQ(vocabulary.count_of(id), count);
    ASSERT_EQ(vocabulary.token_of(id), token);
    if (id > 2) {
      ASSERT_GE(vocabulary.count_of(id - 1), count);
    }
  }
}

TEST(Vocabulary, ComesBackFromDisk) {
  const Folder folder("vocabulary");
  const std::string path = folder.path() + "/v.tsv";
  Vocabulary vocabulary;
  const std::string long_token(1000, 'z');
  vocabulary.add(Tokens{"tab\there", "line\nend", "back\\slash", "", long_token, "", "cr\r"});
  vocabulary.finish(2, 1, Vocabulary::Order::by_count);
  vocabulary.save(path);
  const Vocabulary loaded = Vocabulary::load(path, 2);
  EXPECT_EQ(loaded.size(), vocabulary.size());
  for (int64_t id = 2; id < loaded.size(); ++id) {
    EXPECT_EQ(loaded.token_of(id), vocabulary.token_of(id));
    EXPECT_EQ(loaded.count_of(id), vocabulary.count_of(id));
    EXPECT_EQ(loaded.find(vocabulary.token_of(id)), id);
  }
  const std::string whole = read_text(path);
  for (size_t at : {size_t{3}, size_t{30}, whole.size() / 2, whole.size() - 2}) {
    std::string changed = whole;
    changed[at] ^= 1;
    folder.write("v.tsv", changed);
    EXPECT_NE(error_of([&] { Vocabulary::load(path, 2); }).find("v.tsv: "), std::string::npos)
        << at;
  }
  folder.write("v.tsv", whole.substr(0, whole.size() - 5));
  EXPECT_NE(error_of([&] { Vocabulary::load(path, 2); }).find("damaged, cut short or was changed"),
            std::string::npos);
}

}  // namespace
}  // namespace ctr
