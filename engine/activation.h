#pragma once
// Activations that a product can apply to its result.

#include <cstdint>
#include <string_view>

namespace ctr {

enum class Activation : uint8_t { identity, relu, sigmoid, tanh };

constexpr std::string_view name_of(Activation activation) {
  switch (activation) {
    case Activation::identity:
      return "identity";
    case Activation::relu:
      return "relu";
    case Activation::sigmoid:
      return "sigmoid";
    case Activation::tanh:
      return "tanh";
  }
  return "?";
}

}  // namespace ctr
