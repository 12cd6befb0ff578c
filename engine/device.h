#pragma once
// Where a tensor lives and a kernel runs.

#include <cstdint>
#include <string_view>

namespace ctr {

enum class Device : uint8_t { cpu, cuda };

constexpr std::string_view name_of(Device device) { return device == Device::cpu ? "cpu" : "cuda"; }

}  // namespace ctr
