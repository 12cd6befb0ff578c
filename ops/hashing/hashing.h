#pragma once
// Universal hashing of ids and the encodings that deep hash embeddings read.

#include <cstdint>

#include "autograd/tape.h"
#include "engine/rng.h"

namespace ctr {

// h_j(x) = ((a_j x + b_j) mod p_j) mod m for j = 1 … k: for prime p_j above all ids, a_j in
// [1, p_j) and b_j in [0, p_j), two ids collide with probability at most 1/m over the draw of a and
// b (Carter and Wegman: Universal classes of hash functions, JCSS 1979). Products have 128 bits, so
// any coefficients below 2^63 are exact.
struct HashFamily {
  Tensor a, b, p;       // i64 [k]
  int64_t buckets = 0;  // m
  int64_t hashes() const { return a.count(); }
};

// Coefficients for ids in [0, ids): p_j random primes above ids and buckets, between 2^31 and 2^32
// (products of 64 bits then), 2^60 and 2^61, or 2^62 and 2^63; ids beyond 2^62 that differ by a
// multiple of p_j collide. A function of the stream alone. Throws on more than 2^60 buckets.
HashFamily draw_hash_family(int64_t hashes, int64_t buckets, int64_t ids,
                            const RandomStream& random);

// Whether n has no divisor but 1 and itself (Miller and Rabin, with the witnesses that decide all
// 64-bit numbers).
bool is_prime(uint64_t n);

// h_j(ids[i]) for ids ≥ 0, i64 [N] → i64 [N, k]. Throws on negative ids and on a family whose
// tensors do not fit.
Tensor hash_ids(const Tensor& ids, const HashFamily& family);

enum class HashEncoding : uint8_t { uniform, gaussian };

// Ids, i64 [N], as real vectors [N, k] that no gradient reaches (Kang et al.: Learning to embed
// categorical features without embedding tables, KDD 2021, section 3.2), with E = h_j(id) from 0:
//   uniform   2 E / (m − 1) − 1
//   gaussian  √(−2 ln max(u, log_floor)) (cos 2πv, sin 2πv) for each pair u, v = E / (m − 1) (Box
//             and Muller, 1958); k must be even
Var hash_encoding(const Tensor& ids, const HashFamily& family, HashEncoding encoding,
                  double log_floor, DType dtype);

}  // namespace ctr
