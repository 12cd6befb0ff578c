#pragma once
// Attention pooling: a mean over the places of each row, weighed by how near their keys are to a
// query. Masks are i64 [B, T], 0 where a place is padding; an undefined one keeps all places. A row
// without any place becomes 0.

#include <string_view>

#include "autograd/tape.h"

namespace ctr {

// K(u) of a distance u, up to a factor:
//   gaussian      exp(−½ u²)
//   boxcar        1 for u ≤ 1, else 0
//   epanechnikov  max(0, 1 − u²)
enum class AttentionKernel : uint8_t { gaussian, boxcar, epanechnikov };
// The one called so; throws for other names.
AttentionKernel attention_kernel_called(std::string_view name);

// u²_bt = Σ_d w_d² (q_bd − k_btd)²: q [B, D], keys [B, T, D], w undefined (1), [1] or [D] → [B, T].
Var squared_distances(const Var& q, const Var& keys, const Var& w = Var());

// a_bt = K(u_bt) / Σ_s K(u_bs) over the places that the mask keeps, from u² [B, T] → [B, T]. Where
// all of a row's K vanish, its places weigh the same and nothing flows back; the boxcar's weights
// are constants.
Var kernel_weights(const Var& squared, const Tensor& mask, AttentionKernel kernel);

// y_b = Σ_t a_bt v_bt with a the kernel's weights, u_bt = ‖w ⊙ (q_b − k_bt)‖: q [B, D], keys [B, T,
// D], values [B, T, V], w as above → [B, V] (Nadaraya, 1964; Watson, 1964; with w: Zhang et al.,
// Dive into Deep Learning, §11.2).
Var kernel_attention_pooling(const Var& q, const Var& keys, const Var& values, const Tensor& mask,
                             AttentionKernel kernel = AttentionKernel::gaussian,
                             const Var& w = Var());

// y_b = Σ_t a_bt x_bt, a_b = softmax_t(query · tanh(W x_bt + b)): x [B, T, D], W [A, D], b [A],
// query [A] → [B, D] (Yang et al., NAACL 2016, eq. 5–7; Uni-CTR, Fu et al., 2023).
Var query_attention_pooling(const Var& x, const Var& weight, const Var& bias, const Var& query,
                            const Tensor& mask = Tensor());

}  // namespace ctr
