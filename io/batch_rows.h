#pragma once

#include <span>

#include "io/batch.h"

namespace ctr {

// The rows of a batch at these places, in that order, as a batch of their own.
Batch rows_of(const Batch& batch, std::span<const int64_t> places);

}  // namespace ctr
