#pragma once
// Few-label curves: the variants of a model, each trained on fewer rows.

#include "tools/ablation/variants.h"

namespace ctr {

// The full model and the table's variants on all rows, and on each of the numbers `rows` of them:
// "fineall-100", beside "full-100". No number: half of all rows, a quarter, an eighth. Throws kind
// usage on a number that is not below `all`.
Ablation label_ablation(Ablation table, IntList rows, int64_t all);

}  // namespace ctr
