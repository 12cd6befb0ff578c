#pragma once

#include <cstdint>

#include "io/dataset.h"

namespace ctr {

// The same data set, read as if its training split held `rows` of its rows alone, drawn without
// repetition by the seed; all of it when `rows` is 0 or no fewer than there are. What a smaller
// number draws is part of what a larger one does.
Dataset fewer_rows(const Dataset& data, int64_t rows, uint64_t seed);

}  // namespace ctr
