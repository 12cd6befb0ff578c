// Given vectors that tell nothing or break the training.

#include <algorithm>
#include <cmath>

#include "engine/check.h"
#include "tools/lint/checks.h"

namespace ctr {
namespace {

constexpr double kManyZeroRows = 0.1;

}  // namespace

void check_vectors(const LintInput& input, LintReport& report) {
  for (const Field& field : input.data.schema.fields) {
    if (field.vectors.empty()) continue;
    const Tensor& table = input.data.vectors.at(field.vectors);
    int64_t zero = 0, broken = 0;
    for (int64_t row = field.first_token(); row < table.dim(0); ++row) {
      const auto values = table.span<float>().subspan(static_cast<size_t>(row * table.dim(1)),
                                                      static_cast<size_t>(table.dim(1)));
      zero += std::all_of(values.begin(), values.end(), [](float x) { return x == 0; }) ? 1 : 0;
      broken += std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); })
                    ? 0
                    : 1;
    }
    const int64_t rows = table.dim(0) - field.first_token();
    if (broken > 0) {
      report.findings.push_back(
          {Verdict::problem, "vectors", field.name,
           fmt::format("{} of {} given vectors hold NaN or infinity", broken, rows),
           "repair the vectors and prepare the data again"});
    }
    if (zero > 0) {
      const double part = share(zero, rows);
      report.findings.push_back(
          {zero == rows           ? Verdict::problem
           : part > kManyZeroRows ? Verdict::warning
                                  : Verdict::info,
           "vectors", field.name, fmt::format("{} of {} given vectors are all zero", zero, rows),
           "values without a vector look alike to a model; see whether names match"});
    }
  }
}

}  // namespace ctr
