#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "models/layers/apg_linear.h"

namespace ctr {

// Hidden layers with activation and dropout, plain or APG, and a plain head: parameters
// `mlp/<l>/…`, `head/…` → [B, 1].
class Mlp {
 public:
  // `conditions`: widths of APG's conditions, empty for plain layers and self-wise ones.
  Mlp(const Scope& scope, int64_t in, const ModelOptions& options,
      std::span<const int64_t> conditions = {});

  Var operator()(const Var& x, std::span<const BatchCondition> conditions = {}) const;

 private:
  const Scope scope_;
  Activation activation_;
  double dropout_;
  std::vector<LinearLayer> plain_;
  std::vector<std::unique_ptr<ApgLinear>> generated_;
  std::unique_ptr<LinearLayer> head_;
};

}  // namespace ctr
