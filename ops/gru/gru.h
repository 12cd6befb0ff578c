#pragma once
// A gated recurrent unit (Cho et al., EMNLP 2014), in PyTorch's form.

#include "autograd/tape.h"

namespace ctr {

// One step: from gates of the input i = W x + b and of the state g = U h + c, [B, 3 H] each in the
// order r, z, n, and the state h [B, H]:
//   r = σ(i_r + g_r)   z = σ(i_z + g_z)   n = tanh(i_n + r ⊙ g_n)   h' = (1 − z) ⊙ n + z ⊙ h
// → h' [B, H].
Var gru_step(const Var& of_input, const Var& of_state, const Var& h);

}  // namespace ctr
