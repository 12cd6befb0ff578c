#pragma once

#include <memory>
#include <string>
#include <vector>

#include "autograd/tape.h"
#include "models/options/cross_options.h"

namespace ctr {

// One layer of a cross network: (x0, x) → x', all [B, D].
class CrossLayer {
 public:
  virtual ~CrossLayer() = default;
  virtual Var operator()(const Var& x0, const Var& x) const = 0;
};

// L layers in a row, each on the first input and the last one's output.
class CrossNetwork {
 public:
  void add(std::unique_ptr<CrossLayer> layer) { layers_.push_back(std::move(layer)); }
  Var operator()(const Var& x0) const;

 private:
  std::vector<std::unique_ptr<CrossLayer>> layers_;
};

// DCN (Wang et al., ADKDD 2017):        x' = x0 (x · w) + b + x.  Parameters `cross/<l>/weight`,
// [1, D], and `bias`.
CrossNetwork vector_cross(const Scope& scope, int64_t width, int64_t layers);

// DCN-V2 (Wang et al., WWW 2021), by the options' kernel:
//   full       x' = x0 ⊙ (W x + b) + x                                       `weight` [D, D],
//   `bias` low_rank   x' = x0 ⊙ (U Vᵀ x + b) + x                                    `u`, `v` [D,
//   r], `bias` mixture    x' = x0 ⊙ (Σ_k g_k U_k tanh(C_k tanh(V_kᵀ x)) + b) + x        `u`, `v`
//   [K, D, r],
//              g = softmax_k(γ_k · x)                                        `c` [K, r, r], `bias`
// with gates `cross/gate/<k>` or, each layer's own, `cross/<l>/gate/<k>`, [1, D].
CrossNetwork matrix_cross(const Scope& scope, int64_t width, const CrossOptions& options);

// GDCN (Wang et al., CIKM 2023):        x' = x0 ⊙ (W x + b) ⊙ σ(G x) + x.  Parameters `weight`,
// `gate` [D, D], `bias`.
CrossNetwork gated_cross(const Scope& scope, int64_t width, int64_t layers);

}  // namespace ctr
