#include "ops/bucketing/bucketing.h"

#include <algorithm>
#include <cmath>

#include "engine/check.h"

namespace ctr {
namespace {

int64_t bucket_of(double x, int64_t rows, int64_t negative_rows) {
  const double v = x > 2 ? std::floor(std::log(x) * std::log(x)) : std::trunc(x);
  if (v >= 0) return static_cast<int64_t>(std::min(v, static_cast<double>(rows - 1)));
  if (negative_rows == 0) return 0;
  return rows - 1 + static_cast<int64_t>(std::min(-v, static_cast<double>(negative_rows)));
}

}  // namespace

Tensor log_square_buckets(const Tensor& x, int64_t rows, int64_t negative_rows) {
  CTR_CHECK(rows > 0 && negative_rows >= 0,
            "numeric buckets: there must be at least one row, got {} and {} for negatives", rows,
            negative_rows);
  Tensor ids({x.count()}, DType::i64);
  visit_float(x.dtype(), "numeric buckets", [&](auto zero) {
    using T = decltype(zero);
    for (int64_t i = 0; i < x.count(); ++i) {
      const auto number = static_cast<double>(x.data<T>()[i]);
      CTR_CHECK_DATA(!std::isnan(number), "numeric buckets: the value at position {} is no number",
                     i);
      ids.data<int64_t>()[i] = bucket_of(number, rows, negative_rows);
    }
  });
  return ids;
}

}  // namespace ctr
