#pragma once
// STAR's partitioned norm (Sheng et al., One Model to Serve All, CIKM 2021, eq. 1–4).

#include "autograd/tape.h"
#include "ops/linear/row_groups.h"

namespace ctr {

// What the norm scales and shifts by: γ, β [N] of all domains and γ_d, β_d [D, N] of each.
struct PartitionedAffine {
  Var gamma, beta, domain_gamma, domain_beta;
};

// Mean and biased variance of the columns, by domain.
struct DomainStatistics {
  Tensor mean, variance;  // [D, N]
};

// Statistics that a partitioned norm keeps for evaluation. After the t-th batch that holds rows of
// domain d: running_d ← (1 − w) running_d + w batch_d, w = (1 − m) / (1 − mᵗ). That is the
// exponential average from 0, divided by 1 − mᵗ (TensorFlow's zero_debias): where it began is
// forgotten at once. A domain without rows in a batch keeps what it has.
struct RunningDomains {
  DomainStatistics running;
  Tensor steps;  // i64 [D]: t
  double momentum = 0.99;
};

// y_b = (γ ⊙ γ_d) ⊙ (x_b − μ_d) / √(σ_d² + ε) + β + β_d, d the domain of row b: x [B, N] → [B, N].
// In training μ_d and the biased σ_d² are those of the domain's own rows in the batch, as if it
// were a batch of its own, and the gradient runs through them. Rows may stand in any order. The
// only row of a domain becomes β + β_d, and its variance is 0. `running` (may be null) moves.
Var partitioned_norm(const Var& x, const PartitionedAffine& affine, const RowGroups& domains,
                     RunningDomains* running, double epsilon = 1e-3);
// With these statistics.
Var partitioned_norm_evaluated(const Var& x, const PartitionedAffine& affine,
                               const RowGroups& domains, const DomainStatistics& statistics,
                               double epsilon = 1e-3);

}  // namespace ctr
