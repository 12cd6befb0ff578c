#include "io/prepare/python_random.h"

#include <array>
#include <cstdlib>

#include <fmt/format.h>

namespace ctr {
namespace {

// Hands the engine the state of init_by_array({key}).
class ArraySeed {
 public:
  using result_type = uint32_t;
  explicit ArraySeed(uint32_t key) : key_(key) {}

  template <class Iterator>
  void generate(Iterator begin, Iterator end) {
    constexpr size_t kSize = 624;
    std::array<uint32_t, kSize> s{};
    s[0] = 19650218u;
    for (uint32_t i = 1; i < kSize; ++i) s[i] = 1812433253u * (s[i - 1] ^ (s[i - 1] >> 30)) + i;
    size_t i = 1;
    for (size_t k = 0; k < kSize; ++k) {
      s[i] = (s[i] ^ ((s[i - 1] ^ (s[i - 1] >> 30)) * 1664525u)) + key_;
      advance(s, i);
    }
    for (size_t k = 0; k + 1 < kSize; ++k) {
      s[i] = (s[i] ^ ((s[i - 1] ^ (s[i - 1] >> 30)) * 1566083941u)) - static_cast<uint32_t>(i);
      advance(s, i);
    }
    s[0] = 0x80000000u;
    for (size_t k = 0; begin != end; ++begin, ++k) *begin = s[k];
  }

 private:
  template <size_t kSize>
  static void advance(std::array<uint32_t, kSize>& s, size_t& i) {
    if (++i == kSize) {
      s[0] = s[kSize - 1];
      i = 1;
    }
  }

  uint32_t key_;
};

std::mt19937 engine_of(uint32_t seed) {
  ArraySeed sequence(seed);
  return std::mt19937(sequence);
}

}  // namespace

PythonRandom::PythonRandom(uint32_t seed) : engine_(engine_of(seed)) {}

double PythonRandom::random() {
  const auto high = static_cast<double>(engine_() >> 5);
  const auto low = static_cast<double>(engine_() >> 6);
  return (high * 67108864.0 + low) / 9007199254740992.0;
}

double PythonRandom::uniform(double low, double high) { return low + (high - low) * random(); }

double round_to_hundredths(double x) {
  return std::strtod(fmt::format("{:.2f}", x).c_str(), nullptr);
}

}  // namespace ctr
