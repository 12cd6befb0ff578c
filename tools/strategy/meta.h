#pragma once
// Meta-learning with a domain as the task: each domain's rows are parted, once, into a support and
// a query. The outer step is an optimizer's of its own, of the run's rule and with its own state.
//
//   maml  first order (Finn et al., ICML 2017): a pass of steps over the support leads from θ to
//         Θ̃; the gradients of the query's batches at Θ̃ are summed; θ takes one outer step with
//         the sum.
//   mldg  (Li et al., AAAI 2018): the gradients of the support's batches at θ are summed; an outer
//         step with the sum leads to Θ̃; those of the query's batches at Θ̃ are added; θ takes one
//         outer step with both.

#include "tools/strategy/gradient_sum.h"
#include "tools/strategy/parameter_set.h"
#include "tools/strategy/strategy.h"

namespace ctr {

class Meta : public Strategy {
 public:
  Meta(const StrategyContext& context, bool mldg);

  std::vector<Pass> passes(int64_t epoch) override;
  StepResult step(const Pass& pass, std::span<const Batch> batches, int64_t number) override;
  std::map<std::string, Tensor> state() const override;
  void restore(const std::map<std::string, Tensor>& state) override;

 private:
  void begin();
  void outer_step();
  void end();

  bool mldg_;
  double rate_;
  Optimizer outer_;
  TrainStep outer_step_;
  ParameterSet live_;
  ParameterSet start_;  // θ; empty between domains
  GradientSum sum_;
};

}  // namespace ctr
