#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "autograd/tape.h"
#include "models/layers/condition.h"
#include "models/layers/linear_layer.h"
#include "models/options/options.h"

namespace ctr {

// Linear layers with ReLU between them and none after the last: parameters `<i>/weight`,
// `<i>/bias`.
class Hypernet {
 public:
  Hypernet(const Scope& scope, int64_t in, const IntList& hidden, int64_t out);
  Var operator()(const Var& z) const;

 private:
  std::vector<LinearLayer> layers_;
};

// A linear layer whose weights are generated per row from its condition z (Yan et al., APG, NeurIPS
// 2022, eq. 2–9):
//   full  y = h W(z) + b
//   usv   y = h U(z) S(z) V(z) + b        low rank; ((h U) S) V when decomposed
//   s     y = ((h U) S(z)) V + b          U, V shared; with P: U = U_l U_r and V = V_l V_r while
//                                         training, folded once per weights for evaluation
// Rows that share a condition share what it generates. Several conditions (output side): y = mean
// or sum over j of the layers that z_j generate.
class ApgLinear {
 public:
  // `conditions`: widths of the conditions; empty: self-wise. K and P are this layer's.
  ApgLinear(const Scope& scope, int64_t in, int64_t out, std::span<const int64_t> conditions,
            const ApgOptions& options, int64_t rank_k, int64_t overparam_p);

  // activation(y)
  Var operator()(const Var& h, std::span<const BatchCondition> conditions,
                 Activation activation) const;

 private:
  // The generators of one condition; which are set follows from `generate`.
  struct Generators {
    std::unique_ptr<Hypernet> all, u, s, v;
  };
  // A shared factor: one matrix, or the product of two.
  struct Factor {
    const Parameter* whole = nullptr;
    const Parameter* left = nullptr;
    const Parameter* right = nullptr;
    mutable Tensor folded;
    mutable uint64_t version = ~uint64_t{0};
  };

  Factor factor(const Scope& scope, const std::string& name, int64_t rows, int64_t cols,
                int64_t inner) const;
  Var value_of(const Factor& factor) const;
  Generators generators(const Scope& scope, const std::string& prefix, int64_t width,
                        const IntList& hidden) const;
  Var generated(const Var& h, const BatchCondition& condition, const Generators& generators,
                const Var& shared_bias, Activation activation) const;
  void check_size(int64_t rows) const;

  const Scope scope_;
  int64_t in_, out_, rank_;
  std::string generate_;
  bool decompose_, generate_bias_, sum_outputs_;
  int64_t max_generated_mb_;
  std::vector<Generators> generators_;
  Factor u_, v_;
  const Parameter* bias_ = nullptr;
};

}  // namespace ctr
