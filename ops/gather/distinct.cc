#include "ops/gather/distinct.h"

#include <algorithm>

#include "engine/check.h"
#include "ops/gather/numbering.h"

namespace ctr {

DistinctIds distinct_ids(const Tensor& ids, int64_t padding) {
  CTR_CHECK(ids.rank() == 1, "distinct_ids: ids must be [N], got {}", ids.shape());
  const int64_t count = ids.count();
  Tensor values({count}, DType::i64);
  DistinctIds result{values, Tensor({count}, DType::i64)};
  const auto* id = ids.data<int64_t>();
  auto* index = result.index.data<int64_t>();
  Numbering numbering(count);
  for (int64_t i = 0; i < count; ++i) {
    if (id[i] == padding && padding != kNoPadding) {
      index[i] = -1;
      continue;
    }
    index[i] = numbering.number_of(static_cast<uint64_t>(id[i]));
    values.data<int64_t>()[index[i]] = id[i];
  }
  result.values = values.rows(0, numbering.count());
  std::replace(index, index + count, int64_t{-1}, numbering.count());
  return result;
}

}  // namespace ctr
