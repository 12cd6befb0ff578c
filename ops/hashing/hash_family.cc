#include <algorithm>

#include "engine/check.h"
#include "ops/hashing/hashing.h"

namespace ctr {
namespace {

uint64_t multiply(uint64_t x, uint64_t y, uint64_t modulus) {
  return static_cast<uint64_t>(static_cast<unsigned __int128>(x) * y % modulus);
}

uint64_t power(uint64_t base, uint64_t exponent, uint64_t modulus) {
  uint64_t result = 1;
  for (base %= modulus; exponent > 0; exponent >>= 1) {
    if (exponent & 1) result = multiply(result, base, modulus);
    base = multiply(base, base, modulus);
  }
  return result;
}

// Random primes between 2^bits and 2^(bits + 1), numbers of one stream from `element` on.
uint64_t draw_prime(int bits, const RandomStream& random, uint64_t& element) {
  const uint64_t least = uint64_t{1} << bits;
  for (;;) {
    const uint64_t candidate = (least + random.below(least, element++)) | 1;
    if (is_prime(candidate)) return candidate;
  }
}

}  // namespace

bool is_prime(uint64_t n) {
  // These twelve decide every n below 3.3 · 10^24 (Sorenson and Webster, 2015).
  constexpr uint64_t kWitnesses[] = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37};
  for (uint64_t prime : kWitnesses) {
    if (n % prime == 0) return n == prime;
  }
  if (n < 2) return false;
  uint64_t odd = n - 1;
  int twos = 0;
  for (; odd % 2 == 0; odd /= 2) ++twos;
  for (uint64_t witness : kWitnesses) {
    uint64_t x = power(witness, odd, n);
    bool composite = x != 1 && x != n - 1;
    for (int i = 1; i < twos && composite; ++i) {
      x = multiply(x, x, n);
      composite = x != n - 1;
    }
    if (composite) return false;
  }
  return true;
}

HashFamily draw_hash_family(int64_t hashes, int64_t buckets, int64_t ids,
                            const RandomStream& random) {
  CTR_CHECK(hashes > 0 && buckets > 0,
            "hash family: {} hashes into {} buckets; both must be above 0", hashes, buckets);
  CTR_CHECK(buckets <= int64_t{1} << 60, "hash family: at most 2^60 buckets, got {}", buckets);
  const int64_t least = std::max(buckets, ids);
  const int bits = least <= int64_t{1} << 31 ? 31 : least <= int64_t{1} << 60 ? 60 : 62;
  HashFamily family{Tensor({hashes}, DType::i64), Tensor({hashes}, DType::i64),
                    Tensor({hashes}, DType::i64), buckets};
  uint64_t element = 0;
  for (int64_t j = 0; j < hashes; ++j) {
    const uint64_t p = draw_prime(bits, random, element);
    family.p.data<int64_t>()[j] = static_cast<int64_t>(p);
    family.a.data<int64_t>()[j] = static_cast<int64_t>(1 + random.below(p - 1, element));
    family.b.data<int64_t>()[j] = static_cast<int64_t>(random.below(p, element + 1));
    element += 2;
  }
  return family;
}

}  // namespace ctr
