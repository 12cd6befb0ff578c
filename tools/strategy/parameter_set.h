#pragma once
// Arithmetic over all weights of a model at once.

#include <map>
#include <string>
#include <vector>

#include "autograd/parameter.h"

namespace ctr {

// Named tensors in the order of a store. Sets of one model line up.
class ParameterSet {
 public:
  // The trained weights of the model themselves: what is written here is written there, and
  // `changed` must follow. Of a store whose rows lack updates, catch_up() comes first.
  static ParameterSet trained(const ParameterStore& store);
  // With what the model keeps beside its weights, as running statistics (Parameter::state).
  static ParameterSet trained_and_states(const ParameterStore& store);

  ParameterSet copy() const;
  ParameterSet zeros() const;  // of the same shapes
  bool empty() const { return values_.empty(); }
  const std::vector<std::string>& names() const { return names_; }
  const std::vector<Tensor>& values() const { return values_; }

  // this ← other
  void assign(const ParameterSet& other);
  // this ← a + b
  void assign_sum(const ParameterSet& a, const ParameterSet& b);
  // this ← (1 − share) this + share · other: exactly `other` for a share of 1
  void approach(const ParameterSet& other, double share);
  // this ← this + share · other
  void add(const ParameterSet& other, double share);
  // this ← this + share · (to − (a + b))
  void add_move(const ParameterSet& to, const ParameterSet& a, const ParameterSet& b, double share);

  // Under `prefix` + name, shared with the set.
  void put_into(std::map<std::string, Tensor>& all, const std::string& prefix) const;
  // Copies what stands there; throws kind data, naming it, when a tensor is missing or differs in
  // shape.
  void take_from(const std::map<std::string, Tensor>& all, const std::string& prefix);

 private:
  std::vector<std::string> names_;
  std::vector<Tensor> values_;
};

// After weights were written to.
inline void changed(ParameterStore& store) { ++store.mode().weights_version; }

}  // namespace ctr
