#pragma once

#include <memory>
#include <vector>

#include "models/layers/mlp.h"

namespace ctr {

// E MLPs of one shape, --expert-units, that read one input: hidden layer l of all of them has the
// parameters `expert/<l>/weight` [E, out, in], each expert's by itself Xavier normal, and
// `expert/<l>/bias` [E, out] (zeros); batch norm and activations that learn have theirs there too,
// [E · out]. --activation, --batch-norm and --dropout hold for them.
class Experts {
 public:
  Experts(const Scope& scope, int64_t in, int64_t count, const ModelOptions& options);

  // x [B, in] → f_1 … f_E [B, E, width()]
  Var operator()(const Var& x) const;
  int64_t width() const { return width_; }

 private:
  struct Layer {
    const Parameter& weight;
    const Parameter& bias;
    std::unique_ptr<BatchNormLayer> norm;
    ActivationLayer activation;
  };

  int64_t count_, width_;
  DropoutLayer dropout_;
  std::vector<Layer> layers_;
};

// The weights of experts: g = softmax(x Gᵀ) with the parameter `weight` [experts, in]; with
// --gate-units or --gate-bias g = softmax(MLP(x)), parameters `mlp/…` and `head/…`.
class Gate {
 public:
  Gate(const Scope& scope, int64_t in, int64_t experts, const ModelOptions& options);

  // x [B, in] → [B, experts]
  Var operator()(const Var& x) const;

 private:
  const Parameter* weight_ = nullptr;
  std::unique_ptr<Mlp> mlp_;
};

}  // namespace ctr
