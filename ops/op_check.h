#pragma once
// How an operator's case is made and checked: shared by the sweep in tests/ and the verb
// `gradcheck`.

#include "autograd/gradient_check.h"
#include "ops/registry.h"

namespace ctr {

// The inputs of a case: random numbers of the operator's domain that depend on the operator and the
// case.
std::vector<Tensor> inputs_of(const OpInfo& op, const OpCase& op_case);

// A name for each input of the case ("parts..." becomes parts0, parts1, …).
std::vector<std::string> input_names(const OpInfo& op, size_t count);

// Gradients of all inputs against central differences.
std::vector<GradientError> check_case(const OpInfo& op, const OpCase& op_case);

}  // namespace ctr
