#pragma once
// Contrastive losses: each row of one view against all rows of the other.

#include "autograd/tape.h"

namespace ctr {

// Each row divided by its length: y_b = x_b / max(‖x_b‖, 1e-12) for x [B, D] → [B, D]. With length
// n: dx = (dy − y ⟨y, dy⟩) / n.
Var normalize_rows(const Var& x);

// SimCSE (Gao, Yao, Chen, EMNLP 2021): the mean over b of −log softmax of row b of
//   [cos(x_b, y_1) … cos(x_b, y_B), cos(x_b, z_1) … cos(x_b, z_B)] / temperature
// at its own y_b → [1]: x, y [B, D] two views of the same B things, B at least 1, z [B, D] hard
// negatives or undefined. `hard_negative_weight` is added to the logit of a row's own hard
// negative.
Var simcse_loss(const Var& x, const Var& y, double temperature, const Var& hard_negatives = Var(),
                double hard_negative_weight = 0);

// CLIP (Radford et al., ICML 2021): with logits e^t cos(x_a, y_b), half the mean cross-entropy of
// the rows and half that of the columns, each at its own pair → [1]. x, y [B, D], B at least 1;
// log_scale t [1]; published: t begins as ln(1/0.07) and is kept at ln 100 or below.
Var clip_loss(const Var& x, const Var& y, const Var& log_scale);

}  // namespace ctr
