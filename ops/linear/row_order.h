#pragma once
// Rows of a batch brought into the order of their groups, and back.

#include "ops/linear/row_groups.h"

namespace ctr {

// Whether the rows stand group by group already.
bool in_group_order(const RowGroups& groups);

// x [B, ..] with the rows of group 0 first, then those of group 1, …; x itself where they stand so.
Tensor to_group_order(const Tensor& x, const RowGroups& groups);
// The inverse.
Tensor from_group_order(const Tensor& x, const RowGroups& groups);

}  // namespace ctr
