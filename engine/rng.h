#pragma once
// Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers:
// as easy as 1, 2, 3, SC 2011). A number is a pure function of (seed, stream, step, element): the
// same on any device, for any thread count, in any order.

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "engine/hd.h"

namespace ctr {

struct PhiloxBlock {
  uint32_t word[4];
};

// Ten rounds over a 128-bit counter with a 64-bit key.
CTR_HD inline PhiloxBlock philox(PhiloxBlock counter, uint32_t key0, uint32_t key1) {
  for (int round = 0; round < 10; ++round) {
    uint64_t product0 = uint64_t{0xD2511F53u} * counter.word[0];
    uint64_t product1 = uint64_t{0xCD9E8D57u} * counter.word[2];
    counter = {{static_cast<uint32_t>(product1 >> 32) ^ counter.word[1] ^ key0,
                static_cast<uint32_t>(product1),
                static_cast<uint32_t>(product0 >> 32) ^ counter.word[3] ^ key1,
                static_cast<uint32_t>(product0)}};
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return counter;
}

// Names one sequence of numbers. `stream` tells apart uses (a parameter, a dropout layer), `step`
// their repetitions.
struct RandomStream {
  uint64_t seed = 0;
  uint64_t stream = 0;
  uint32_t step = 0;

  // 64 random bits of `element` (below 2^32 · 2^32).
  CTR_HD uint64_t bits(uint64_t element) const {
    uint64_t key = seed ^ (stream * 0x9E3779B97F4A7C15u);
    PhiloxBlock out =
        philox({{static_cast<uint32_t>(element), static_cast<uint32_t>(element >> 32), step,
                 static_cast<uint32_t>(stream >> 32) ^ static_cast<uint32_t>(stream)}},
               static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32));
    return uint64_t{out.word[1]} << 32 | out.word[0];
  }

  // Uniform in the open interval (0, 1), 52 bits.
  CTR_HD double uniform(uint64_t element) const {
    return (static_cast<double>(bits(element) >> 12) + 0.5) * 0x1p-52;
  }

  // Uniform over 0 … bound-1 by a multiply-high (bias below bound / 2^64).
  CTR_HD uint64_t below(uint64_t bound, uint64_t element) const {
    return static_cast<uint64_t>((static_cast<unsigned __int128>(bits(element)) * bound) >> 64);
  }

  // Standard normal (host only).
  double normal(uint64_t element) const;
};

// Puts the values into a random order (Fisher and Yates), with elements 2 … n of the stream.
template <class T>
void shuffle(std::span<T> values, const RandomStream& random) {
  for (size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[random.below(i, i)]);
}

// Inverse of the standard normal distribution function for p in (0, 1), relative error below 1e-15
// (Wichura, Algorithm AS 241, Applied Statistics 37, 1988). Built from + − × ÷ sqrt and log alone.
double normal_quantile(double p);

// A stream number for a name, the same on every machine.
uint64_t stream_of(std::string_view name);

}  // namespace ctr
