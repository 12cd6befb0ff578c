#pragma once
// Experts: E networks of one shape side by side, and their mixture by a gate (Ma et al.: Modeling
// task relationships in multi-task learning with multi-gate mixture-of-experts, KDD 2018).

#include <span>

#include "autograd/tape.h"
#include "engine/activation.h"

namespace ctr {

// One layer of all experts: y_be = activation(x_be W_eᵀ + b_e) for x [B, I], which all of them
// read, or [B, E, I]; W [E, O, I], b [E, O] → [B, E, O]. A common x makes one product.
Var expert_linear(const Var& x, const Var& weight, const Var& bias,
                  Activation activation = Activation::identity);

// y_b = Σ_e g_be f_be: experts f in parts [B, E_i, H], counted through, and their weights g
// [B, Σ E_i] → [B, H].
Var mix_experts(std::span<const Var> experts, const Var& gate);
inline Var mix_experts(std::initializer_list<Var> experts, const Var& gate) {
  return mix_experts(std::span<const Var>(experts.begin(), experts.size()), gate);
}

}  // namespace ctr
