#pragma once
// How well probabilities fit what happened. Labels lie in [0, 1]. Definitions: docs/metrics.md.

#include <span>

namespace ctr {

// Mean of −log of the probability given to what happened; probabilities are clipped to [1e-7, 1 −
// 1e-7]. NaN without rows.
double log_loss(std::span<const double> probability, std::span<const double> label);

// Predicted over observed clicks; NaN without clicks.
double pcoc(std::span<const double> probability, std::span<const double> label);

}  // namespace ctr
