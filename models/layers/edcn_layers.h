#pragma once
// What EDCN puts between its layers (Chen et al., CIKM 2021).

#include <optional>
#include <string>
#include <utility>

#include "models/layers/batch_norm.h"
#include "models/layers/linear_layer.h"
#include "models/options/options.h"

namespace ctr {

// Regulation: the input of each of the two networks is x [B, F D] with its fields weighed by
// softmax(g / τ), then batch-normalised where asked. Parameters `cross/gate` and `deep/gate` [F]
// (ones), `cross/bn/…` and `deep/bn/…`.
class Regulation {
 public:
  Regulation(const Scope& scope, int64_t fields, int64_t width, const ModelOptions& options);
  // The cross network's input and the deep one's → [B, F D].
  std::pair<Var, Var> operator()(const Var& x) const;

 private:
  struct Side {
    const Parameter* gate = nullptr;
    std::optional<BatchNormLayer> norm;
  };
  Side make_side(const Scope& scope, const ModelOptions& options) const;
  Var regulated(const Side& side, const Var& x, const ColumnStatistics& of_x) const;

  Scope scope_;
  int64_t fields_, width_;
  double temperature_;
  Side cross_, deep_;
};

// Bridge: what both networks share after a layer, of c and h [B, D] → [B, D].
//   hadamard           c ⊙ h
//   addition           c + h
//   concatenation      ReLU(W [c ; h] + b): `weight` [D, 2 D], `bias` [D]
//   attention_pooling  a(c) ⊙ c + a'(h) ⊙ h, a(x) = softmax(W2 ReLU(W1 x + b1)) over D: parameters
//                      `cross/hidden/…`, `cross/out` [D, D] of a, `deep/…` of a'. When shared, a'
//                      is a, and the parameters of the other net stand unused, as in FuxiCTR.
class Bridge {
 public:
  Bridge(const Scope& scope, int64_t width, const EdcnOptions& options);
  Var operator()(const Var& c, const Var& h) const;

 private:
  struct Net {
    LinearLayer hidden;
    const Parameter* out;
  };
  Var attended(const Net& net, const Var& x) const;

  std::string kind_;
  bool shared_;
  std::optional<LinearLayer> joined_;
  std::optional<Net> cross_, deep_;
};

}  // namespace ctr
