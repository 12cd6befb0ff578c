#pragma once
// `dense` semantics at the price of `rows`: a table whose rows miss steps and get them, exactly,
// when they are next read.
//
// Without a gradient of its own, a row's step is a function of its weights and state alone: g = λ w
// (times the factor of clipping), then the rule with the scalars of that step. So a row may wait.
// The table remembers the last step of each row and the scalars of every step since the oldest of
// them; catch_up() runs the steps in between with the rule of the dense sweep: the same operations
// in the same order, hence the same bits.

#include <memory>
#include <string>
#include <vector>

#include "autograd/coalesce.h"
#include "autograd/parameter.h"
#include "ops/optim/row_norms.h"
#include "ops/optim/rules.h"

namespace ctr {

// The rules that can be replayed: those that treat each number by itself, but for ftrl.
const std::vector<std::string>& replayed_rules();

// True when a step of the rule without a gradient changes nothing: its rows never lack one.
bool rests(const RuleOptions& options, double lambda);

class ReplayedTable : public LateRows {
 public:
  // One step: `rows` hold the gradients of touched rows, penalty and clipping included, and these
  // rows must be caught up; all others will have λ w times `factor`. `options` hold the step's
  // learning rate, `step` its number for the bias corrections.
  virtual void step(Tensor weight, const CoalescedRows& rows, const RuleOptions& options,
                    int64_t step, double factor) = 0;
  virtual bool caught_up() const = 0;  // no row lacks a step
  double lambda() const { return lambda_; }

  // Norms of rows as they were when last touched. Once measured, step() keeps them up.
  RowNorms& norms() { return norms_; }

 protected:
  explicit ReplayedTable(double lambda) : lambda_(lambda) {}
  double lambda_;
  RowNorms norms_;
};

// For a weight and its state, which the table shares; λ of ½ λ ‖w‖². The options give the rule.
std::shared_ptr<ReplayedTable> make_replayed_table(const RuleOptions& options, const Tensor& weight,
                                                   const Tensor& state, double lambda);

}  // namespace ctr
