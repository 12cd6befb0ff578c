#pragma once

#include <optional>
#include <string>
#include <vector>

#include "autograd/tape.h"
#include "engine/activation.h"

namespace ctr {

// The activation called `name`: one of kActivationNames, or one that learns,
//   prelu   α x below 0 (He et al., ICCV 2015): parameter `alpha` [C], 0.1 at first
//   dice    p x + α (1 − p) x, p = sigmoid(x̂) (Zhou et al., DIN, KDD 2018): `alpha` [C], 0 at
//   first,
//           states `running_mean` and `running_var` [C], which move by a hundredth of the batch's
class ActivationLayer {
 public:
  ActivationLayer(const Scope& scope, const std::string& name, int64_t channels);
  Var operator()(const Var& x) const;

  // What a product can apply to its result; nothing for those that learn.
  std::optional<Activation> plain() const { return plain_; }

 private:
  Scope scope_;
  std::optional<Activation> plain_;
  const Parameter* alpha_ = nullptr;
  const Parameter* mean_ = nullptr;  // Dice
  const Parameter* variance_ = nullptr;
};

// For options: kActivationNames and those that learn.
std::vector<std::string> activation_layer_names();

}  // namespace ctr
