#include "ops/op_check.h"

#include <cmath>

#include "engine/rng.h"

namespace ctr {

std::vector<Tensor> inputs_of(const OpInfo& op, const OpCase& op_case) {
  std::string name = op.name + "/" + op_case.name;
  const RandomStream random{3, stream_of(name), 0};
  std::vector<Tensor> inputs;
  uint64_t element = 0;
  for (const Shape& shape : op_case.inputs) {
    inputs.emplace_back(shape, DType::f64);
    double* x = inputs.back().data<double>();
    for (int64_t i = 0; i < inputs.back().count(); ++i) {
      x[i] = random.normal(element++);
      if (op.domain == InputDomain::positive) x[i] = 0.1 + std::fabs(x[i]);
    }
  }
  return inputs;
}

std::vector<std::string> input_names(const OpInfo& op, size_t count) {
  std::vector<std::string> names;
  for (size_t i = 0; i < count; ++i) {
    std::string name = i < op.inputs.size() ? op.inputs[i] : op.inputs.back();
    if (name.ends_with("...")) name = name.substr(0, name.size() - 3) + std::to_string(i);
    if (name.ends_with("?")) name.pop_back();
    names.push_back(name);
  }
  return names;
}

std::vector<GradientError> check_case(const OpInfo& op, const OpCase& op_case) {
  std::vector<Tensor> inputs = inputs_of(op, op_case);
  if (inputs.empty()) return {};  // a constant
  auto function = [&](std::span<const Var> variables) {
    return op.call({{variables.begin(), variables.end()}, op_case.constants, op_case.attributes});
  };
  return check_gradients(inputs, input_names(op, inputs.size()), function);
}

}  // namespace ctr
