#pragma once

#include <vector>

#include "io/batch.h"
#include "io/prepare/encoder.h"
#include "io/prepare/prepare.h"

namespace ctr {

// The given vectors of a plan whose schema is final, a row for each id: rows for missing and unseen
// values are zeros, and so are those of tokens without a vector, which `report` counts.
GivenVectors align_vectors(const PreparePlan& plan, const Vocabularies& vocabularies,
                           std::vector<PrepareReport::VectorReport>& report);

}  // namespace ctr
