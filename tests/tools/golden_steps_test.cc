// Three Adam steps with penalties and clipping against FuxiCTR (tests/golden/ctr_goldens.json).

#include <cctype>

#include <gtest/gtest.h>

#include "tools/golden/golden.h"

namespace ctr {
namespace {

const std::string kFile = std::string(CTR_SOURCE_DIR) + "/tests/golden/ctr_goldens.json";

class GoldenSteps : public testing::TestWithParam<std::string> {};

TEST_P(GoldenSteps, LossesGradientsAndResultAgree) {
  const Comparison twice = verify_steps(kFile, GetParam(), DType::f64);
  EXPECT_LT(twice.worst(), kGoldenF64) << twice.where();
  const Comparison single = verify_steps(kFile, GetParam(), DType::f32);
  EXPECT_LT(single.worst(), kGoldenF32) << single.where();
}

// Models of sequences come later.
std::vector<std::string> tags() {
  std::vector<std::string> known;
  for (const std::string& tag : step_tags(kFile)) {
    if (!tag.starts_with("DIN") && !tag.starts_with("BST")) known.push_back(tag);
  }
  return known;
}

INSTANTIATE_TEST_SUITE_P(Models, GoldenSteps, testing::ValuesIn(tags()), [](const auto& info) {
  std::string name;
  for (char c : info.param) name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
});

}  // namespace
}  // namespace ctr
