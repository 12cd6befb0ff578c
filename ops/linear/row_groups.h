#pragma once
// Rows of a batch that share something: a condition, a domain.

#include <span>

#include "engine/tensor.h"

namespace ctr {

struct RowGroups {
  Tensor of;     // i64 [B]: the group of each row
  Tensor rows;   // i64 [B]: the rows of group 0 in ascending order, then those of group 1, …
  Tensor begin;  // i64 [groups + 1]: where each group begins in `rows`

  bool defined() const { return of.defined(); }
  int64_t count() const { return begin.count() - 1; }
  std::span<const int64_t> rows_of(int64_t group) const {
    const auto* at = begin.data<int64_t>() + group;
    return {rows.data<int64_t>() + at[0], static_cast<size_t>(at[1] - at[0])};
  }
};

// From the group of each row, i64 [B] in [0, groups); groups may be empty. Throws ctr::Error (data)
// for others.
RowGroups group_rows(const Tensor& of, int64_t groups);

// Groups the rows that agree in all of `ids` (i64 [B] each; of several in [0, 2^32)), numbered by
// first appearance. Empty groups follow up to a multiple of `multiple`: sizes that come again from
// step to step let memory and the primitives of products be used again.
RowGroups group_by_ids(std::span<const Tensor> ids, int64_t multiple = 1);

}  // namespace ctr
