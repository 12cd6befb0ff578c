// `inspect --encoding`: the four properties against what can be counted by hand.

#include "tools/encoding_report.h"

#include <cmath>

#include <gtest/gtest.h>

#include "engine/error.h"
#include "ops/hashing/hashing.h"

namespace ctr {
namespace {

EncodingProperties of(const EncodingReport& report, const std::string& name) {
  for (const EncodingProperties& e : report.encodings)
    if (e.name == name) return e;
  ADD_FAILURE() << "no " << name;
  return {};
}

TEST(EncodingReport, EightIdsByHand) {
  EncodingOptions options;
  options.ids = 8;
  const EncodingReport report = report_encodings(options);
  EXPECT_EQ(report.pairs, 28);
  EXPECT_DOUBLE_EQ(report.most_entropy, 3);
  const EncodingProperties one_hot = of(report, "one-hot"), binary = of(report, "binary");
  EXPECT_EQ(one_hot.dimension, 8);
  EXPECT_EQ(one_hot.unique, 8);
  EXPECT_NEAR(one_hot.distance, std::sqrt(2), 1e-12);
  EXPECT_NEAR(one_hot.distance_spread, 0, 1e-12);
  EXPECT_NEAR(one_hot.entropy, 3.0 / 8 - 7.0 / 8 * std::log2(7.0 / 8), 1e-12);
  EXPECT_EQ(binary.dimension, 3);
  EXPECT_EQ(binary.unique, 8);
  // 12 pairs differ in one bit, 12 in two, 4 in three.
  const double mean = (12 + 12 * std::sqrt(2) + 4 * std::sqrt(3)) / 28;
  EXPECT_NEAR(binary.distance, mean, 1e-12);
  EXPECT_NEAR(binary.distance_spread,
              std::sqrt((12. * 1 + 12. * 2 + 4. * 3) / 28 - mean * mean) / mean, 1e-9);
  EXPECT_NEAR(binary.entropy, 1, 1e-12);
}

TEST(EncodingReport, HashesCollideAsCounted) {
  EncodingOptions options;
  options.ids = 100;
  options.hash_rows = 40;
  options.seed = 5;
  const EncodingReport report = report_encodings(options);
  std::vector<int64_t> ids(100);
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<int64_t>(i);
  int previous = -1;
  for (const auto& [name, hashes] : {std::pair{"hash", 1}, {"double hash", 2}}) {
    const HashFamily family =
        draw_hash_family(hashes, 40, 100, {5, static_cast<uint64_t>(hashes), 0});
    const Tensor codes = hash_ids(Tensor::from<int64_t>({100}, ids), family);
    const auto* h = codes.data<int64_t>();
    int unique = 0;
    double sum = 0;
    for (int i = 0; i < 100; ++i) {
      bool alone = true;
      for (int j = 0; j < 100; ++j) {
        int differ = 0;
        for (int k = 0; k < hashes; ++k) differ += h[i * hashes + k] != h[j * hashes + k];
        if (i != j) alone = alone && differ > 0;
        if (j < i) sum += std::sqrt(2.0 * differ);
      }
      unique += alone;
    }
    const EncodingProperties found = of(report, name);
    EXPECT_EQ(found.unique, unique);
    EXPECT_EQ(found.dimension, 40 * hashes);
    EXPECT_NEAR(found.distance, sum / 4950, 1e-12);
    EXPECT_GT(unique, previous);  // a second function tells more ids apart
    EXPECT_TRUE(hashes == 2 || unique < 60);
    previous = unique;
  }
}

// What the paper says of its codes: unique, nearly equally far apart, high entropy, at any length.
TEST(EncodingReport, DeepHashCodesHaveAllFour) {
  EncodingOptions options;
  options.ids = 3000;
  options.dhe_hashes = 128;
  const EncodingReport report = report_encodings(options);
  for (const char* name : {"dhe uniform", "dhe gaussian"}) {
    const EncodingProperties e = of(report, name);
    EXPECT_EQ(e.unique, 3000) << name;
    EXPECT_EQ(e.dimension, 128) << name;
    EXPECT_GT(e.entropy, report.most_entropy - .01) << name;
    EXPECT_LT(e.distance_spread, .08) << name;
    EXPECT_GT(of(report, "binary").distance_spread, 2 * e.distance_spread) << name;
    EXPECT_GT(e.entropy, 5 * of(report, "one-hot").entropy) << name;
  }
  // Independent coordinates of variance 1/3 and 1: E d² = 2 k σ².
  EXPECT_NEAR(of(report, "dhe uniform").distance, std::sqrt(2 * 128 / 3.0), .1);
  EXPECT_NEAR(of(report, "dhe gaussian").distance, std::sqrt(2 * 128.0), .2);
}

TEST(EncodingReport, FewBucketsAreNotUnique) {
  EncodingOptions options;
  options.ids = 500;
  options.dhe_hashes = 2;
  options.dhe_buckets = 10;  // a hundred codes
  const EncodingReport report = report_encodings(options);
  EXPECT_LT(of(report, "dhe uniform").unique, 50);
  EXPECT_LT(of(report, "dhe uniform").entropy, std::log2(10) + 1e-9);
}

TEST(EncodingReport, PrintsTextAndJson) {
  EncodingOptions options;
  options.ids = 16;
  const EncodingReport report = report_encodings(options);
  EXPECT_NE(text_of(report).find("binary                 4    100.00 %"), std::string::npos)
      << text_of(report);
  EXPECT_NE(json_of(report).find("\"name\": \"double hash\""), std::string::npos);
  options.dhe_hashes = 3;
  EXPECT_THROW(report_encodings(options), Error);
}

}  // namespace
}  // namespace ctr
