#pragma once
// Every model with every variant, for tests with a parameter.

#include <cctype>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tools/model_check.h"

namespace ctr {

inline void PrintTo(const ModelCase& model_case, std::ostream* out) { *out << model_case.name; }

inline std::vector<ModelCase> all_model_cases() {
  std::vector<ModelCase> all;
  for (const ModelInfo& info : model_list()) {
    for (const ModelCase& model_case : model_cases(info.name)) all.push_back(model_case);
  }
  return all;
}

// A name that GoogleTest takes.
inline std::string identifier(const testing::TestParamInfo<ModelCase>& info) {
  std::string name;
  for (char c : info.param.name) name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
}

}  // namespace ctr
