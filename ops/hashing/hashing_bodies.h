#pragma once
// Hash functions and Box–Muller.

#include "engine/kernel.h"
#include "engine/math.h"

namespace ctr {

// ((a x + b) mod p) mod m
CTR_HD inline uint64_t universal_hash(uint64_t x, uint64_t a, uint64_t b, uint64_t p, uint64_t m) {
  if (((x | a | b | p) >> 32) == 0) return (a * x + b) % p % m;  // a x + b < 2^64
  return static_cast<uint64_t>((static_cast<unsigned __int128>(a) * x + b) % p) % m;
}

// y[i, j] = scale h_j(ids[i]) / (m − 1) + shift
template <class T>
struct HashFractions {
  static constexpr const char* kName = "hash_encoding";
  static constexpr bool kLoops = true;
  const int64_t* ids;
  const int64_t* a;
  const int64_t* b;
  const int64_t* p;
  T* y;
  int64_t hashes;
  int64_t buckets;
  double scale, shift;
  CTR_HD void operator()(int64_t row, int64_t j) const {
    const uint64_t bucket = universal_hash(
        static_cast<uint64_t>(ids[row]), static_cast<uint64_t>(a[j]), static_cast<uint64_t>(b[j]),
        static_cast<uint64_t>(p[j]), static_cast<uint64_t>(buckets));
    const double fraction = static_cast<double>(bucket) / static_cast<double>(buckets - 1);
    y[row * hashes + j] = static_cast<T>(scale * fraction + shift);
  }
};
CTR_KERNEL(for_each_2d, HashFractions);

// (u, v) ← √(−2 ln max(u, floor)) (cos 2πv, sin 2πv) for each pair.
template <class T>
struct BoxMuller {
  static constexpr const char* kName = "hash_encoding gaussian";
  T* y;
  T floor;
  CTR_HD void operator()(int64_t pair) const {
    const T u = math::max_of(y[2 * pair], floor);
    T sine, cosine;
    math::sin_cos_turns(y[2 * pair + 1], sine, cosine);
    const T radius = math::sqrt(T(-2) * math::log(u));
    y[2 * pair] = radius * cosine;
    y[2 * pair + 1] = radius * sine;
  }
};
CTR_KERNEL(for_each, BoxMuller);

}  // namespace ctr
