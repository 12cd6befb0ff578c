#pragma once
// Weights that a domain has of its own.

#include <cstdint>
#include <string>

namespace ctr {

class DomainWeights {
 public:
  virtual ~DomainWeights() = default;
  // Puts the weights that score a domain's rows into the model; −1: those that all share.
  virtual void put(int64_t domain) = 0;
};

}  // namespace ctr
