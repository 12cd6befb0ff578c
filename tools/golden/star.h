#pragma once
// STAR in golden files: options domains, domain_weight, partitioned_norm: {eps}, or null,
// auxiliary_hidden_units and domain_in_input beside those of all models; parameters go by our
// names, the states `pn/mean` and `pn/var` by `state/…`.

#include "tools/golden/described.h"

namespace ctr {

Described described_star(const GoldenFile& file);

}  // namespace ctr
