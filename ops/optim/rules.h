#pragma once
// Update rules as operators on tensors: they change `weight` and its state in place. Every
// parameter is seen as a matrix [rows, width]: its first axis by the others, one row if it has a
// single axis.

#include <cstdint>
#include <string>
#include <vector>

#include "autograd/coalesce.h"

namespace ctr {

// Equations and papers: ops/optim/rule_bodies.h.
struct RuleOptions {
  // adam (ε after the bias correction), adam-tf (ε before it, as TensorFlow 1), adamw, sgd,
  // momentum, adagrad, rowwise-adagrad, rmsprop, ftrl.
  std::string rule = "adam";
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 0;  // 0: the rule's own, 1e-10 for the Adagrads and 1e-8 for others
  double momentum = 0.9;
  double weight_decay = 0.01;  // AdamW's λ
  double rmsprop_alpha = 0.99;
  double initial_accumulator = 0;  // of the Adagrads and of FTRL's n
  double ftrl_beta = 1;
  double ftrl_l1 = 0;
  double ftrl_l2 = 0;
};

const std::vector<std::string>& rule_names();

// State before the first step, [rows, numbers, width]; undefined when the rule keeps none. FTRL's z
// is such that its closed form gives `weight`. rowwise-adagrad keeps one number per
// row of a `table`, and is Adagrad for everything else.
Tensor initial_state(const RuleOptions& options, const Tensor& weight, bool table);

// Step number `step` ≥ 1 of all rows. Throws when the gradient does not fit the weight.
void update(const RuleOptions& options, Tensor& weight, Tensor& state, const Tensor& gradient,
            bool table, int64_t step);

// Of touched rows alone: the others keep weight and state, while the bias corrections count the
// optimizer's steps ("lazy"). `adam` then takes the form of adam-tf, as PyTorch's SparseAdam does.
void update_rows(const RuleOptions& options, Tensor& weight, Tensor& state,
                 const CoalescedRows& gradient, bool table, int64_t step);

}  // namespace ctr
