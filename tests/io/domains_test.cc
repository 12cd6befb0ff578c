// Converters of multi-domain data: made-up directories, wrong input, and the real sets where they
// are at hand.

#include <filesystem>

#include <gtest/gtest.h>

#include "engine/error.h"
#include "io/file.h"
#include "io/prepare/prepare.h"
#include "tests/io/raw_table.h"

namespace ctr {
namespace {

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
  EXPECT_EQ(table.text(), "u1 i9 2 1 train\nu2 i8 2 1 valid\n"
                          "u1 i1 10 1 train\nu1 i2 10 1 train\nu2 i3 10 1 train\n");
}

TEST(DomainCsv, DrawsNegativesAndSplits) {
  Folder folder("domain_csv_draw");
  std::string text = "user,item,rating\n";
  for (int u = 0; u < 50; ++u)
    for (int i = 0; i < 4; ++i) text += fmt::format("u{},i{},{}\n", u, (u * 7 + i) % 40, 1 + i);
  folder.write("books.csv", text);
  const Options options = {{"pattern", "{domain}.csv"}, {"label", "rating"}, {"negative_ratio", "0.5"}};
  const RawTable table = read_raw("domain-csv", options, {folder.path()});
  EXPECT_EQ(table.count([](const RawRow& r) { return r.label == "1"; }), 200);
  EXPECT_EQ(table.count([](const RawRow& r) { return r.label == "0"; }), 50 * 8);
  EXPECT_EQ(table.count([](const RawRow& r) { return r.label == "1" && r.split == Split::test; }), 40);
  // 8 negatives of each user are 4, 2, 2.
  EXPECT_EQ(table.count([](const RawRow& r) { return r.label == "0" && r.split == Split::test; }), 100);
  EXPECT_EQ(table.text(), read_raw("domain-csv", options, {folder.path()}).text());

  Options rated = options;
  rated.push_back({"positive", ">3"});
  rated.push_back({"drop", "3"});
  rated.push_back({"negatives", "none"});
  const RawTable labelled = read_raw("domain-csv", rated, {folder.path()});
  EXPECT_EQ(labelled.count([](const RawRow& r) { return r.label == "1"; }), 50);
  EXPECT_EQ(labelled.count([](const RawRow& r) { return r.label == "0"; }), 100);
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
            file + ":2:4: expected a user, found nothing; check --columns and --delimiter");
  folder.write("a_train.csv", "i1,u1,x\n");
  EXPECT_EQ(message({}),
            file + ":1:7: expected a number, found 'x'; check --columns and --delimiter");
  EXPECT_EQ(message({{"pattern", "{split}.csv"}}),
            "prepare: --pattern must contain {domain}, got '{split}.csv'");
  EXPECT_EQ(message({{"pattern", "x{domain}"}}),
            folder.path() + ": no file fits --pattern 'x{domain}'; set --pattern");
  EXPECT_EQ(message({{"user", "item_"}}), "prepare: --columns has no 'item_'; did you mean 'item'?");
  EXPECT_EQ(message({{"domains", "b"}}), "prepare: no file of domain 'b'; known are: a");
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
  EXPECT_EQ(table.schema.domains, 8);
  EXPECT_EQ(table.distinct([](const RawRow& r) { return r.user; }), 119'197);
  EXPECT_EQ(table.distinct([](const RawRow& r) { return r.item; }), 14'803);
  EXPECT_EQ(table.count([](const RawRow& r) { return r.label == "1"; }), 373'820);
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

}  // namespace
}  // namespace ctr
