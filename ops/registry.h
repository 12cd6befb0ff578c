#pragma once
// What an operator tells about itself: how to call it by name, and the cases that prove it. The
// sweep in tests/, the verb `gradcheck` and the verb `verify` know operators by this list alone. It
// is generated from ops/CMakeLists.txt.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "autograd/tape.h"
#include "engine/device.h"

namespace ctr {

using Attributes = std::map<std::string, std::string>;

struct OpArguments {
  std::vector<Var> inputs;        // those with a gradient, in the order of OpInfo::inputs
  std::vector<Tensor> constants;  // ids, labels …, in the order of OpInfo::constants
  Attributes attributes;
  DType dtype = DType::f64;  // of the result where no input says it

  // The attribute's text, or `otherwise`.
  std::string text(const std::string& name, const std::string& otherwise) const;
  double number(const std::string& name, double otherwise) const;
};

// One call. Inputs are random numbers of the given shapes.
struct OpCase {
  std::string name;
  std::vector<Shape> inputs;
  std::vector<Tensor> constants = {};
  Attributes attributes = {};
  std::string error = {};  // of a case that must be refused: a part of the message
};

// A golden file's operator that is a setting of ours.
struct GoldenName {
  std::string name;                            // of the file: "embedding_bag_mean"
  Attributes attributes = {};                  // what it means here
  std::map<std::string, std::string> as = {};  // the file's argument name → ours, where they differ
};

// Where an operator's inputs lie in its cases.
enum class InputDomain : uint8_t {
  real,      // standard normal numbers
  positive,  // 0.1 + their magnitudes
};

struct OpInfo {
  std::string name;
  std::string formula;
  std::vector<std::string> inputs;  // "tables..." takes any number
  std::vector<std::string> constants;
  std::vector<std::string> attributes = {};  // names of its settings
  std::function<std::vector<Var>(const OpArguments&)> call;
  std::vector<OpCase> cases;
  std::vector<OpCase> refused;
  std::vector<GoldenName> golden = {};
  InputDomain domain = InputDomain::real;
  std::vector<Device> devices = {Device::cpu, Device::cuda};
};

// All operators, in the order of ops/CMakeLists.txt.
const std::vector<OpInfo>& op_list();

// The operator called `name`; throws with the nearest known name.
const OpInfo& find_op(const std::string& name);

}  // namespace ctr
