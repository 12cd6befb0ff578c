#include "ops/linear/row_order.h"

#include <cstring>

#include "engine/check.h"
#include "engine/parallel.h"

namespace ctr {
namespace {

enum class Way : bool { gather, scatter };

// y[i] = x[rows[i]], or y[rows[i]] = x[i].
Tensor moved(const Tensor& x, const RowGroups& groups, Way way) {
  const int64_t count = groups.rows.count();
  CTR_ASSERT(x.rank() >= 1 && x.dim(0) == count);
  if (in_group_order(groups)) return x;
  Tensor y(x.shape(), x.dtype(), x.device());
  const int64_t bytes = x.bytes() / count;
  const auto* from = static_cast<const char*>(x.raw());
  auto* to = static_cast<char*>(y.raw());
  const auto* rows = groups.rows.data<int64_t>();
  parallel_rows(count, x.count() / count, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t source = way == Way::gather ? rows[i] : i;
      const int64_t target = way == Way::gather ? i : rows[i];
      std::memcpy(to + target * bytes, from + source * bytes, static_cast<size_t>(bytes));
    }
  });
  return y;
}

}  // namespace

bool in_group_order(const RowGroups& groups) {
  const auto* rows = groups.rows.data<int64_t>();
  for (int64_t i = 0; i < groups.rows.count(); ++i)
    if (rows[i] != i) return false;
  return true;
}

Tensor to_group_order(const Tensor& x, const RowGroups& groups) {
  return moved(x, groups, Way::gather);
}

Tensor from_group_order(const Tensor& x, const RowGroups& groups) {
  return moved(x, groups, Way::scatter);
}

}  // namespace ctr
