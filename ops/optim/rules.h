#pragma once
// Update rules as operators on tensors: they change `weight` and their state in place.

#include <cstdint>

#include "autograd/gradient.h"

namespace ctr {

// Kingma and Ba, Adam, ICLR 2015, Algorithm 1; epsilon is added to √v̂, after the bias correction.
struct AdamOptions {
  double rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
};

// w ← w − rate g
void sgd(Tensor& weight, const Tensor& gradient, double rate);
// The same for the rows of a table that the batch touched.
void sgd_rows(Tensor& weight, const CoalescedRows& gradient, double rate);

// m ← β1 m + (1−β1) g; v ← β2 v + (1−β2) g²; w ← w − rate/(1−β1^t) · m / (√(v/(1−β2^t)) + ε), t =
// step ≥ 1.
void adam(Tensor& weight, Tensor& m, Tensor& v, const Tensor& gradient, const AdamOptions& options,
          int64_t step);

// Lazy Adam: weight and moments of touched rows alone move; t counts the optimizer's steps, and
// ε is added before the bias correction, as PyTorch's SparseAdam does:
// w ← w − rate √(1−β2^t)/(1−β1^t) · m / (√v + ε). state [rows, 2, width]
// holds a row's m and v side by side.
void adam_rows(Tensor& weight, Tensor& state, const CoalescedRows& gradient,
               const AdamOptions& options, int64_t step);

}  // namespace ctr
