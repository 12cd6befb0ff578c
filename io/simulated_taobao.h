#pragma once

#include <string>

#include "io/dataset.h"

namespace ctr {

// Simulated data of the shape of Taobao-10 (MLoRA, RecSys 2024): 10 domains of long-tailed sizes,
// 23,778 users, 6,932 items, 172,979 rows split .6/.2/.2, given 128-d user and item vectors. The
// click probability of a row is known:
//   logit p = b_d + β·c_i + γ·a_u + s Σ_r a_ur (M + A_d B_dᵀ)_rq c_iq
// with latent a_u, c_i ∈ R^4 that a fixed linear map hides in the given vectors, one M for all
// domains and a rank-one shift A_d B_dᵀ of its own for each. The set's facts are best_auc and
// best_logloss of these probabilities on the test split. Writes the data set directory `target`;
// the same seed gives the same data on any machine.
void simulate_taobao(uint64_t seed, const std::string& target);

}  // namespace ctr
