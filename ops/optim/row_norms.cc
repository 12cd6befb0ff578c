#include "ops/optim/row_norms.h"

#include <atomic>
#include <cmath>
#include <limits>

#include "engine/parallel.h"
#include "ops/optim/visit_rule.h"

namespace ctr {
namespace {

constexpr float kLimit = 1 << 14;  // 2^32 rows of it still fit into the sum
constexpr double kScale = 1 << 16;

bool within(float square) { return square <= kLimit; }  // not NaN
int64_t ticks(float square) {
  return static_cast<int64_t>(std::ceil(static_cast<double>(square) * kScale));
}

template <class T>
float mean_square(const T* row, int64_t width) {
  double sum = 0;
  for (int64_t k = 0; k < width; ++k)
    sum += static_cast<double>(row[k]) * static_cast<double>(row[k]);
  // The sum lost at most `width` roundings of 2⁻⁵³, the cast at most one of 2⁻²⁴ or, near zero, of
  // 2⁻¹⁵⁰: a step up covers both.
  const auto rounded = static_cast<float>(sum / static_cast<double>(width) * (1 + 1e-9));
  return std::nextafter(rounded, std::numeric_limits<float>::infinity());
}

}  // namespace

void RowNorms::measure(const Tensor& weight) {
  const int64_t rows = rows_of(weight);
  width_ = width_of(weight);
  if (!rows_.defined()) rows_ = Tensor({rows}, DType::f32);
  std::atomic<int64_t> sum = 0, beyond = 0;
  visit_float(weight.dtype(), "norm", [&](auto zero) {
    using T = decltype(zero);
    const T* w = weight.data<T>();
    auto* squares = rows_.data<float>();
    parallel_rows(rows, width_, [&](int64_t begin, int64_t end) {
      int64_t part = 0, out = 0;
      for (int64_t r = begin; r < end; ++r) {
        squares[r] = mean_square(w + r * width_, width_);
        (within(squares[r]) ? part : out) += within(squares[r]) ? ticks(squares[r]) : 1;
      }
      sum += part;
      beyond += out;
    });
  });
  sum_ = sum;
  beyond_ = beyond;
}

void RowNorms::measure(const Tensor& weight, const Tensor& ids) {
  visit_float(weight.dtype(), "norm", [&](auto zero) {
    using T = decltype(zero);
    const T* w = weight.data<T>();
    auto* squares = rows_.data<float>();
    for (const int64_t r : ids.span<int64_t>()) {
      (within(squares[r]) ? sum_ : beyond_) -= within(squares[r]) ? ticks(squares[r]) : 1;
      squares[r] = mean_square(w + r * width_, width_);
      (within(squares[r]) ? sum_ : beyond_) += within(squares[r]) ? ticks(squares[r]) : 1;
    }
  });
}

double RowNorms::sum_of_squares() const {
  if (beyond_ > 0) return std::numeric_limits<double>::infinity();
  return static_cast<double>(sum_) / kScale * static_cast<double>(width_) * (1 + 1e-9);
}

void RowNorms::restore(const Tensor& rows, int64_t width) {
  rows_ = rows.clone();
  width_ = width;
  sum_ = beyond_ = 0;
  for (const float square : rows_.span<float>())
    (within(square) ? sum_ : beyond_) += within(square) ? ticks(square) : 1;
}

}  // namespace ctr
