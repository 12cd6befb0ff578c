#pragma once
// Functions of one element, and activations that learn.

#include "autograd/tape.h"
#include "engine/activation.h"
#include "ops/norm/norm.h"

namespace ctr {

// The one named:
//   relu        max(0, x); the gradient at 0 is 0
//   sigmoid     1 / (1 + e^−x)
//   tanh        tanh x
//   leaky_relu  x above 0, 0.01 x below (Maas et al., 2013)
//   softplus    log(1 + e^x)
//   gelu        x Φ(x), Φ the normal distribution function (Hendrycks and Gimpel, 2016)
//   gelu_tanh   its approximation ½ x (1 + tanh(√(2/π) (x + 0.044715 x³)))
//   mish        x tanh(log(1 + e^x)) (Misra, BMVC 2020)
Var activate(const Var& x, Activation activation);
inline Var relu(const Var& x) { return activate(x, Activation::relu); }
inline Var sigmoid(const Var& x) { return activate(x, Activation::sigmoid); }
inline Var tanh(const Var& x) { return activate(x, Activation::tanh); }
inline Var mish(const Var& x) { return activate(x, Activation::mish); }

// y = e^x;  y = log x for x > 0;  y = log(1 + |x|), gradient 0 at 0.
Var exp(const Var& x);
Var log(const Var& x);
Var log1p_abs(const Var& x);

// y = x above 0, alpha_c x elsewhere: x [.., C], alpha [C] or [1] (He et al., ICCV 2015).
Var prelu(const Var& x, const Var& alpha);

// y = p x + alpha_c (1 − p) x with p = sigmoid(x̂), x̂ batch-normalised per channel without γ and β
// (Zhou et al., DIN, KDD 2018): x [.., C], alpha [C]. `running` as in batch_norm; null statistics
// and `training` false do not go together.
Var dice(const Var& x, const Var& alpha, RunningStatistics* running, bool training,
         double epsilon = 1e-9);

// For operators that fuse an activation: true when its gradient is a function of the output alone.
bool keeps_output(Activation activation);
// y = activation(y) in place.
void apply_activation(Tensor& y, Activation activation);
// For the same: dx from dy [N, C] and the output that was kept. Where asked, also the sums of dx's
// columns [C], in the same pass: the gradient of a bias before the activation. Writes over dy when
// nobody else holds it.
Tensor activation_backward(const Tensor& kept, const Tensor& dy, Activation activation,
                           Tensor* column_sums = nullptr);

}  // namespace ctr
