#pragma once

#include "autograd/tape.h"
#include "ops/norm/norm.h"

namespace ctr {

// Batch norm with its own γ and β (Ioffe and Szegedy, ICML 2015): parameters `weight` [C] (ones)
// and `bias` [C] (zeros), states `running_mean` and `running_var` [C]. Training takes the batch's
// statistics and moves the running ones by a tenth; evaluation takes the running ones.
class BatchNormLayer {
 public:
  // `axis`: of the channels.
  BatchNormLayer(const Scope& scope, int64_t channels, double epsilon = 1e-5, int axis = -1);
  Var operator()(const Var& x) const;
  // With the running statistics, in training too, where a batch is too small for its own.
  Var evaluated(const Var& x) const;
  // Of x with its columns weighed by `gate` [C], for channels in the last axis. In training `of_x`
  // are the statistics of x; evaluation does not read them.
  Var gated(const Var& x, const Var& gate, const ColumnStatistics& of_x) const;

 private:
  Scope scope_;
  double epsilon_;
  int axis_;
  const Parameter* gamma_;
  const Parameter* beta_;
  const Parameter* mean_;
  const Parameter* variance_;
};

}  // namespace ctr
