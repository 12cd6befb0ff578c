#pragma once

#include "autograd/tape.h"
#include "ops/norm/partitioned_norm.h"

namespace ctr {

// Partitioned norm with its own parameters (Sheng et al., STAR, CIKM 2021, eq. 2–4): `gamma` [N]
// (ones), `beta` [N] (zeros), `domain_gamma` [D, N] (ones), `domain_beta` [D, N] (zeros), states
// `mean` and `var` [D, N] and `steps` [D]. Training takes each domain's statistics in the batch and
// moves its running ones (momentum 0.99); evaluation takes the running ones.
class PartitionedNormLayer {
 public:
  PartitionedNormLayer(const Scope& scope, int64_t domains, int64_t width, double epsilon);
  // x [B, width] → the same shape.
  Var operator()(const Var& x, const RowGroups& domains) const;

 private:
  Scope scope_;
  double epsilon_;
  const Parameter* gamma_;
  const Parameter* beta_;
  const Parameter* domain_gamma_;
  const Parameter* domain_beta_;
  const Parameter* mean_;
  const Parameter* variance_;
  const Parameter* steps_;
};

}  // namespace ctr
