// Hash families: exact arithmetic, primes, universality; and what is made of hashed ids.

#include "ops/hashing/hashing.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <gtest/gtest.h>

#include "engine/error.h"

namespace ctr {
namespace {

Tensor numbers(const std::vector<int64_t>& values) {
  return Tensor::from<int64_t>({static_cast<int64_t>(values.size())}, values);
}

// x y + b mod p by doubling and adding alone: below 2^64 all the way for p < 2^63.
uint64_t slow_affine(uint64_t x, uint64_t y, uint64_t b, uint64_t p) {
  uint64_t sum = b % p;
  for (x %= p; y > 0; y >>= 1) {
    if (y & 1) sum = (sum + x) % p;
    x = (x + x) % p;
  }
  return sum;
}

TEST(Hashing, ProductsAreExactForAllSizes) {
  const int64_t mersenne = (int64_t{1} << 61) - 1, most = INT64_MAX;
  const HashFamily family{numbers({123457, mersenne - 1, most, 1, 4294967295, 4294967296}),
                          numbers({1013, mersenne - 1, most, 0, 4294967295, 5}),
                          numbers({1000003, mersenne, most, 7, 4294967291, 4294967311}), 999983};
  const std::vector<int64_t> ids{0, 1, 7, 2000001, 4294967295, 4294967296, mersenne, most};
  const Tensor hashed = hash_ids(numbers(ids), family);
  for (size_t i = 0; i < ids.size(); ++i) {
    for (size_t j = 0; j < 6; ++j) {
      const auto of = [&](const Tensor& t) { return static_cast<uint64_t>(t.data<int64_t>()[j]); };
      const uint64_t expected =
          slow_affine(static_cast<uint64_t>(ids[i]), of(family.a), of(family.b), of(family.p)) %
          999983;
      EXPECT_EQ(static_cast<uint64_t>(hashed.data<int64_t>()[i * 6 + j]), expected)
          << ids[i] << " by hash " << j;
    }
  }
}

// The worked numbers of spec G9: buckets, uniform and Gaussian codes of two ids.
TEST(Hashing, WorkedExample) {
  const HashFamily family{numbers({123457, 987643}), numbers({1013, 4099}),
                          numbers({1000003, 1000033}), 1000000};
  const Tensor ids = numbers({7, 2000001});
  const int64_t buckets[] = {865212, 917402, 383731, 809449};
  const double uniform[] = {.730426, .834806, -.232537, .618900};
  const double gaussian[] = {.467254, -.266895, .505055, -1.288621};
  const Tensor hashed = hash_ids(ids, family);
  const Var u = hash_encoding(ids, family, HashEncoding::uniform, 1e-12, DType::f64);
  const Var g = hash_encoding(ids, family, HashEncoding::gaussian, 1e-12, DType::f64);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(hashed.data<int64_t>()[i], buckets[i]);
    EXPECT_NEAR(u.value().data<double>()[i], uniform[i], 1e-6);
    EXPECT_NEAR(g.value().data<double>()[i], gaussian[i], 1e-6);
  }
}

TEST(Hashing, EncodingsFollowTheirFormulas) {
  const HashFamily family = draw_hash_family(6, 1000, 50, {4, 2, 0});
  const Tensor ids = numbers({3, 0, 49, 3, 17});
  const Tensor hashed = hash_ids(ids, family);
  const Var u = hash_encoding(ids, family, HashEncoding::uniform, 1e-12, DType::f64);
  const Var g = hash_encoding(ids, family, HashEncoding::gaussian, .25, DType::f64);
  for (int i = 0; i < 30; ++i) {
    EXPECT_NEAR(u.value().data<double>()[i],
                2 * static_cast<double>(hashed.data<int64_t>()[i]) / 999 - 1, 1e-15);
    const int pair = i - i % 2;
    const double u1 = static_cast<double>(hashed.data<int64_t>()[pair]) / 999,
                 u2 = static_cast<double>(hashed.data<int64_t>()[pair + 1]) / 999;
    const double turn = 2 * M_PI * u2;
    EXPECT_NEAR(g.value().data<double>()[i],
                std::sqrt(-2 * std::log(std::max(u1, .25))) *
                    (i % 2 == 0 ? std::cos(turn) : std::sin(turn)),
                1e-13);
  }
}

// Moments of codes over many ids: 0 and 1/3 of the uniform, 0 and 1 of the normal distribution.
TEST(Hashing, CodesHaveTheirDistributions) {
  constexpr int64_t kIds = 4000, kHashes = 50;
  std::vector<int64_t> all(kIds);
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int64_t>(i);
  const HashFamily family = draw_hash_family(kHashes, 1000000, kIds, {9, 1, 0});
  for (const auto& [encoding, second, fourth] :
       {std::tuple{HashEncoding::uniform, 1.0 / 3, 1.0 / 5},
        std::tuple{HashEncoding::gaussian, 1.0, 3.0}}) {
    const Tensor code = hash_encoding(numbers(all), family, encoding, 1e-12, DType::f32).value();
    double sums[3] = {};
    for (float x : code.span<float>()) {
      const double square = double{x} * double{x};
      sums[0] += double{x};
      sums[1] += square;
      sums[2] += square * square;
    }
    const double count = kIds * kHashes;
    EXPECT_NEAR(sums[0] / count, 0, .01);
    EXPECT_NEAR(sums[1] / count, second, .01 * second);
    EXPECT_NEAR(sums[2] / count, fourth, .03 * fourth);
  }
}

TEST(Hashing, PrimesAreThoseOfTheSieve) {
  std::vector<bool> composite(20000);
  for (size_t n = 2; n < composite.size(); ++n) {
    EXPECT_EQ(is_prime(n), !composite[n]) << n;
    for (size_t m = 2 * n; m < composite.size(); m += n) composite[m] = true;
  }
  EXPECT_FALSE(is_prime(0));
  EXPECT_FALSE(is_prime(1));
  EXPECT_TRUE(is_prime((uint64_t{1} << 61) - 1));
  EXPECT_TRUE(is_prime(18446744073709551557u));  // the largest below 2^64
  EXPECT_FALSE(is_prime(18446744073709551556u));
  EXPECT_FALSE(is_prime(3215031751));           // a strong pseudoprime to bases 2, 3, 5 and 7
  EXPECT_FALSE(is_prime(3825123056546413051));  // and to the nine primes up to 23
  EXPECT_FALSE(is_prime(uint64_t{4294967291} * 4294967279));
}

TEST(Hashing, FamiliesAreDrawnInTheirBounds) {
  struct Bounds {
    int64_t buckets, ids;
    int bits;
  };
  for (const Bounds& x : {Bounds{10, 1000, 31}, Bounds{1000000, int64_t{1} << 31, 31},
                          Bounds{10, (int64_t{1} << 31) + 1, 60}, Bounds{int64_t{1} << 40, 5, 60},
                          Bounds{10, (int64_t{1} << 60) + 1, 62}}) {
    const HashFamily family = draw_hash_family(200, x.buckets, x.ids, {1, 2, 0});
    std::set<int64_t> primes;
    for (int j = 0; j < 200; ++j) {
      const int64_t a = family.a.data<int64_t>()[j], b = family.b.data<int64_t>()[j],
                    p = family.p.data<int64_t>()[j];
      EXPECT_TRUE(is_prime(static_cast<uint64_t>(p)));
      EXPECT_EQ(p >> x.bits, 1);
      EXPECT_TRUE(a >= 1 && a < p && b >= 0 && b < p);
      primes.insert(p);
    }
    EXPECT_GT(primes.size(), 195u);
  }
  const auto first = [](uint64_t seed, uint64_t stream) {
    return draw_hash_family(1, 10, 10, {seed, stream, 0}).a.data<int64_t>()[0];
  };
  EXPECT_EQ(first(1, 2), first(1, 2));
  EXPECT_NE(first(1, 2), first(1, 3));
  EXPECT_NE(first(1, 2), first(2, 2));
}

// Keys that simple hashes put together: multiples of m apart, neighbours, powers of two, far ends.
std::vector<std::pair<int64_t, int64_t>> adversarial_pairs(int64_t m, int64_t most) {
  std::vector<std::pair<int64_t, int64_t>> pairs;
  for (int64_t times : {1, 2, 3, 1000}) {
    pairs.emplace_back(0, times * m);
    pairs.emplace_back(12345, 12345 + times * m);
  }
  for (int64_t k : {int64_t{0}, int64_t{1}, int64_t{999}, most - 1}) pairs.emplace_back(k, k + 1);
  for (int64_t power = 2; power <= most / 2; power *= 16) pairs.emplace_back(power, 2 * power);
  pairs.emplace_back(0, most);
  pairs.emplace_back(1, most);
  return pairs;
}

// How often a pair collides over the hashes of a family.
double collision_rate(const HashFamily& family, std::pair<int64_t, int64_t> keys) {
  const Tensor hashed = hash_ids(numbers({keys.first, keys.second}), family);
  const auto* h = hashed.data<int64_t>();
  int64_t equal = 0;
  for (int64_t j = 0; j < family.hashes(); ++j) equal += h[j] == h[family.hashes() + j];
  return static_cast<double>(equal) / static_cast<double>(family.hashes());
}

double bound(int64_t m, int64_t draws) {
  const double rate = 1 / static_cast<double>(m);
  return rate + 3 * std::sqrt(rate * (1 - rate) / static_cast<double>(draws));
}

TEST(Hashing, IsUniversal) {
  constexpr int64_t kDraws = 20000;
  for (int64_t most : {int64_t{1} << 31, int64_t{1} << 60}) {
    for (int64_t m : {2, 64, 97, 1000}) {
      const HashFamily family = draw_hash_family(kDraws, m, most, {5, static_cast<uint64_t>(m), 0});
      for (const auto& keys : adversarial_pairs(m, most - 1))
        EXPECT_LE(collision_rate(family, keys), bound(m, kDraws))
            << keys.first << " and " << keys.second << " into " << m;
    }
  }
}

// What the test above tells apart: p that is no prime beside m, and a = 0.
TEST(Hashing, BadFamiliesAreNotUniversal) {
  constexpr int64_t kDraws = 20000, kBuckets = 97;
  HashFamily multiple = draw_hash_family(kDraws, kBuckets, 1000, {5, 1, 0});
  std::fill_n(multiple.p.data<int64_t>(), kDraws, kBuckets * 1000);
  EXPECT_GT(collision_rate(multiple, {0, kBuckets}), .9);
  HashFamily constant = draw_hash_family(kDraws, kBuckets, 1000, {5, 1, 0});
  std::fill_n(constant.a.data<int64_t>(), kDraws, 0);
  EXPECT_GT(collision_rate(constant, {3, 4}), .9);
}

TEST(Hashing, RefusesWhatDoesNotFit) {
  const auto message = [](const auto& f) {
    try {
      f();
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  const HashFamily family = draw_hash_family(2, 10, 10, {1, 1, 0});
  EXPECT_EQ(message([&] {
              hash_ids(numbers({0, -5}), family);
            }),
            "hash_ids: id -5 at position 1 is negative");
  EXPECT_EQ(message([&] {
              draw_hash_family(2, (int64_t{1} << 60) + 1, 5, {1, 1, 0});
            }),
            "hash family: at most 2^60 buckets, got 1152921504606846977");
  EXPECT_EQ(message([&] {
              draw_hash_family(0, 5, 5, {1, 1, 0});
            }),
            "hash family: 0 hashes into 5 buckets; both must be above 0");
}

}  // namespace
}  // namespace ctr
