#pragma once
// Activations that a product can apply to its result.

#include <cstdint>
#include <optional>
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

constexpr std::optional<Activation> activation_called(std::string_view name) {
  for (Activation a :
       {Activation::identity, Activation::relu, Activation::sigmoid, Activation::tanh}) {
    if (name == name_of(a)) return a;
  }
  return std::nullopt;
}

}  // namespace ctr
