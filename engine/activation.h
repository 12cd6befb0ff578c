#pragma once
// Activations without parameters: what layers name and products may apply to their result.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ctr {

enum class Activation : uint8_t {
  identity,
  relu,
  sigmoid,
  tanh,
  leaky_relu,
  softplus,
  gelu,
  gelu_tanh,
  mish,
};

inline constexpr std::array<std::string_view, 9> kActivationNames = {
    "identity", "relu", "sigmoid", "tanh", "leaky_relu", "softplus", "gelu", "gelu_tanh", "mish"};

constexpr std::string_view name_of(Activation activation) {
  return kActivationNames[static_cast<size_t>(activation)];
}

constexpr std::optional<Activation> activation_called(std::string_view name) {
  for (size_t a = 0; a < kActivationNames.size(); ++a) {
    if (name == kActivationNames[a]) return static_cast<Activation>(a);
  }
  return std::nullopt;
}

}  // namespace ctr
