#pragma once

#include <vector>

#include "autograd/tape.h"
#include "models/options/cross_options.h"

namespace ctr {

// Cross network of matrices (Wang et al., DCN V2, WWW 2021): x_{l+1} = x0 ⊙ (W_l x_l + b_l) + x_l
// with, for x [B, D],
//   full      W: `<l>/weight` [D, D]
//   low_rank  W = U Vᵀ: `<l>/u`, `<l>/v` [D, R]
//   mixture   W x = Σ_k g_k(x) U_k tanh(C_k tanh(V_kᵀ x)), g = softmax(γ_1 · x, …, γ_K · x):
//             `<l>/u`, `<l>/v` [K, D, R], `<l>/c` [K, R, R], `gate/<k>/weight` [1, D] for all
//             layers or `<l>/gate/<k>/weight` for each
// and `<l>/bias` [D] (zeros). All others begin Xavier normal, by torch's fans for three axes.
class MatrixCrossNet {
 public:
  MatrixCrossNet(const Scope& scope, int64_t width, const CrossOptions& options);
  Var operator()(const Var& x0) const;

 private:
  using Gates = std::vector<const Parameter*>;
  struct Layer {
    const Parameter* weight = nullptr;
    const Parameter* u = nullptr;
    const Parameter* v = nullptr;
    const Parameter* c = nullptr;
    const Parameter* bias = nullptr;
    Gates gates;
  };

  Gates make_gates(const Scope& scope) const;
  Layer make_layer(const Scope& scope, const CrossOptions& options) const;
  Var mixture(const Layer& layer, const Var& x0, const Var& x) const;

  int64_t width_, rank_, experts_;
  std::vector<Layer> layers_;
};

}  // namespace ctr
