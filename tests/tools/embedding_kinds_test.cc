// Every model with every kind of compressed embedding, but those whose items have a vector each.

#include <cctype>
#include <ostream>

#include <gtest/gtest.h>

#include "tools/model_check.h"

namespace ctr {
namespace {

struct Case {
  std::string model, kind;
};
void PrintTo(const Case& one, std::ostream* out) { *out << one.model << ' ' << one.kind; }

std::vector<Case> all_cases() {
  std::vector<Case> all;
  for (const ModelInfo& info : model_list()) {
    for (const char* kind : {"hash", "quotient-remainder", "dhe"})
      if (info.name != "popularity" && !info.learns_sequences) all.push_back({info.name, kind});
  }
  return all;
}

class EveryModel : public testing::TestWithParam<Case> {};

// The linear term too, where the model has one.
TEST_P(EveryModel, LearnsThroughItsEmbeddings) {
  ModelCase checked = model_cases(GetParam().model)[0];
  EmbeddingOptions& options = checked.options.embedding;
  options.kind = GetParam().kind;
  options.compress_linear = true;
  options.hash_rows = 4;
  options.dhe_hashes = 6;
  options.dhe_decoder_units = {5};
  int compressed = 0;
  const std::vector<GradientError> all = check_model(checked);
  for (const GradientError& error : all) {
    EXPECT_LE(error.worst, kGradientTolerance) << error.name;
    // EDCN norms the vectors themselves, which takes away what the decoder's last bias adds.
    const bool vanishes = gradient_vanishes(error.name, all) ||
                          (GetParam().model == "edcn" && error.name.ends_with("/out/bias"));
    EXPECT_TRUE(error.largest > 0 || vanishes) << error.name;
    EXPECT_FALSE(error.name.ends_with("/user")) << "a plain table";
    compressed += error.name.find("/user/") != std::string::npos;
  }
  EXPECT_GT(compressed, 0);
}

INSTANTIATE_TEST_SUITE_P(Kinds, EveryModel, testing::ValuesIn(all_cases()), [](const auto& info) {
  std::string name = info.param.model + "_" + info.param.kind;
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
});

}  // namespace
}  // namespace ctr
