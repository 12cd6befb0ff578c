#pragma once

#include "engine/tensor.h"
#include "ops/gather/gather.h"

namespace ctr {

// The different ids of a batch, each once, in the order in which they first appear; `padding` is
// none of them.
struct DistinctIds {
  Tensor values;  // i64 [U]
  Tensor index;   // i64 [N]: where in `values` each id stands; U for padding
};

// ids i64 [N], any numbers.
DistinctIds distinct_ids(const Tensor& ids, int64_t padding = kNoPadding);

}  // namespace ctr
