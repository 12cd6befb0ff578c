#pragma once

#include "ops/optim/rules.h"

namespace ctr {

// How far |w| of one number can rise above what it was at any moment, in all the steps after it in
// which its gradient is f λ w alone, 0 ≤ f ≤ 1: sup |w_k| − |w_0|. `rate` is the largest learning
// rate of these steps and of those before. Infinite where no bound is known: momentum, AdamW whose
// decay overshoots, settings near the edges of floating point.
//
// Adam: let ρ = η/(1 − β1^t), κ = 1/√(1 − β2^t), so that |Δw| ≤ (ρ/κ) |m|/√v. By Cauchy and Schwarz
// |m| ≤ C √v with C = (1 − β1)/√((1 − β2)(1 − β1²/β2)), whatever the gradients were, so that a step
// moves w by at most c = C max ρ/κ. A step whose m has the sign of w, or is 0, moves towards zero
// or across it: |w| falls, or ends at most at c. In a step with the other sign λ w opposes m, hence
// |m| falls by β1 or more while √v falls by at most √β2; with r = β1/√β2 a run of such steps moves
// by at most c (r + r² + …), and it begins at w_0 or where |w| ≤ c. So |w_k| ≤ max(|w_0|, c) + c
// r/(1 − r) ≤ |w_0| + c/(1 − r). SGD never raises |w| while η λ ≤ 1; Adagrad and RMSprop move
// towards zero or across it, by at most η and η/√(1 − α). The result has 1 % in reserve for
// rounding.
double idle_rise(const RuleOptions& options, double rate, double lambda);

}  // namespace ctr
