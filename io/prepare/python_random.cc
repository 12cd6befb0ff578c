#include "io/prepare/python_random.h"

#include <algorithm>

namespace ctr {
namespace {

// Python's key: the 32-bit digits of the seed, lowest first, at least one.
std::mt19937 engine_of(uint64_t seed) {
  std::vector<uint32_t> key = {static_cast<uint32_t>(seed)};
  if (seed >> 32 != 0) key.push_back(static_cast<uint32_t>(seed >> 32));
  InitByArray words(std::move(key));
  return std::mt19937(words);
}

}  // namespace

std::array<uint32_t, InitByArray::kWords> InitByArray::words() const {
  std::array<uint32_t, kWords> x;
  x[0] = 19650218u;
  for (size_t i = 1; i < kWords; ++i)
    x[i] = 1812433253u * (x[i - 1] ^ (x[i - 1] >> 30)) + static_cast<uint32_t>(i);
  size_t i = 1, j = 0;
  auto wrap = [&] {
    if (i < kWords) return;
    x[0] = x[kWords - 1];
    i = 1;
  };
  for (size_t k = std::max(kWords, key_.size()); k > 0; --k) {
    x[i] = (x[i] ^ ((x[i - 1] ^ (x[i - 1] >> 30)) * 1664525u)) + key_[j] + static_cast<uint32_t>(j);
    ++i;
    j = (j + 1) % key_.size();
    wrap();
  }
  for (size_t k = kWords - 1; k > 0; --k) {
    x[i] = (x[i] ^ ((x[i - 1] ^ (x[i - 1] >> 30)) * 1566083941u)) - static_cast<uint32_t>(i);
    ++i;
    wrap();
  }
  x[0] = 0x80000000u;
  return x;
}

PythonRandom::PythonRandom(uint64_t seed) : engine_(engine_of(seed)) {}

double PythonRandom::random() {
  const uint64_t high = engine_() >> 5, low = engine_() >> 6;
  return (static_cast<double>(high) * 67108864.0 + static_cast<double>(low)) *
         (1.0 / 9007199254740992.0);
}

}  // namespace ctr
