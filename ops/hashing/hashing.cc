#include "ops/hashing/hashing.h"

#include "engine/check.h"
#include "engine/launch.h"
#include "ops/hashing/hashing_bodies.h"
#include "ops/registry.h"

namespace ctr {
namespace {

void check_family(const char* op, const HashFamily& family) {
  const int64_t k = family.a.count();
  CTR_CHECK(k > 0 && family.b.count() == k && family.p.count() == k,
            "{}: a, b and p must hold one number per hash, got {}, {} and {}", op, family.a.shape(),
            family.b.shape(), family.p.shape());
  CTR_CHECK(family.buckets > 0, "{}: there must be at least one bucket, got {}", op,
            family.buckets);
  for (int64_t j = 0; j < k; ++j) {
    const int64_t a = family.a.data<int64_t>()[j], b = family.b.data<int64_t>()[j],
                  p = family.p.data<int64_t>()[j];
    CTR_CHECK_DATA(a >= 0 && b >= 0 && p > 0,
                   "{}: hash {} has a = {}, b = {}, p = {}; expected a, b ≥ 0 and p > 0", op, j, a,
                   b, p);
  }
}

void check_positive(const char* op, const Tensor& ids) {
  CTR_CHECK(ids.rank() == 1, "{}: ids must be [N], got {}", op, ids.shape());
  const auto* id = ids.data<int64_t>();
  int64_t all = 0;
  for (int64_t i = 0; i < ids.count(); ++i) all |= id[i];
  for (int64_t i = 0; all < 0 && i < ids.count(); ++i)
    CTR_CHECK_DATA(id[i] >= 0, "{}: id {} at position {} is negative", op, id[i], i);
}

}  // namespace

Tensor hash_ids(const Tensor& ids, const HashFamily& family) {
  check_family("hash_ids", family);
  check_positive("hash_ids", ids);
  const int64_t hashes = family.hashes();
  Tensor result({ids.count(), hashes}, DType::i64);
  const auto* id = ids.data<int64_t>();
  const auto *a = family.a.data<int64_t>(), *b = family.b.data<int64_t>(),
             *p = family.p.data<int64_t>();
  auto* to = result.data<int64_t>();
  const auto m = static_cast<uint64_t>(family.buckets);
  constexpr int64_t kCost = 8;  // of a hash, in simple operations
  parallel_rows(ids.count(), kCost * hashes, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      for (int64_t j = 0; j < hashes; ++j) {
        to[i * hashes + j] = static_cast<int64_t>(
            universal_hash(static_cast<uint64_t>(id[i]), static_cast<uint64_t>(a[j]),
                           static_cast<uint64_t>(b[j]), static_cast<uint64_t>(p[j]), m));
      }
    }
  });
  return result;
}

Var hash_encoding(const Tensor& ids, const HashFamily& family, HashEncoding encoding,
                  double log_floor, DType dtype) {
  check_family("hash_encoding", family);
  check_positive("hash_encoding", ids);
  const int64_t rows = ids.count(), hashes = family.hashes();
  const bool gaussian = encoding == HashEncoding::gaussian;
  CTR_CHECK(family.buckets > 1, "hash_encoding: at least two buckets are needed, got {}",
            family.buckets);
  CTR_CHECK(!gaussian || hashes % 2 == 0,
            "hash_encoding: the Gaussian encoding takes hashes in pairs, got {}; use an even "
            "number",
            hashes);
  CTR_CHECK(!gaussian || (log_floor > 0 && log_floor <= 1),
            "hash_encoding: the floor under the logarithm must lie in (0, 1], got {}", log_floor);
  Tensor y({rows, hashes}, dtype);
  visit_float(dtype, "hash_encoding", [&](auto zero) {
    using T = decltype(zero);
    for_each_2d(
        y.device(), rows, hashes,
        HashFractions<T>{ids.data<int64_t>(), family.a.data<int64_t>(), family.b.data<int64_t>(),
                         family.p.data<int64_t>(), y.data<T>(), hashes, family.buckets,
                         gaussian ? 1.0 : 2.0, gaussian ? 0.0 : -1.0});
    if (gaussian)
      for_each(y.device(), rows * hashes / 2, BoxMuller<T>{y.data<T>(), static_cast<T>(log_floor)});
  });
  return record("hash_encoding", y, std::span<const Var>(), {});
}

namespace {

Tensor numbers(std::vector<int64_t> values) {
  return Tensor::from<int64_t>({static_cast<int64_t>(values.size())}, values);
}

Var call(const OpArguments& x) {
  const HashFamily family{x.constants[1], x.constants[2], x.constants[3],
                          static_cast<int64_t>(x.number("buckets", 1e6))};
  const HashEncoding encoding =
      x.text("encoding", "uniform") == "uniform" ? HashEncoding::uniform : HashEncoding::gaussian;
  return hash_encoding(x.constants[0], family, encoding, x.number("log_floor", 1e-12), x.dtype);
}

}  // namespace

OpInfo op_hash_encoding() {
  const Tensor a = numbers({123457, 987643}), b = numbers({1013, 4099}),
               p = numbers({1000003, 1000033});
  const Tensor large = numbers({2305843009213693950, 1234567890123456789}),
               mersenne = numbers({2305843009213693951, 2305843009213693951});
  const Attributes gaussian{{"encoding", "gaussian"}};
  return {
      .name = "hash_encoding",
      .formula =
          "y[i, j] = 2 (((a_j id_i + b_j) mod p_j) mod m) / (m - 1) - 1, or Box-Muller of it",
      .inputs = {},
      .constants = {"ids", "a", "b", "p"},
      .attributes = {"buckets", "encoding", "log_floor"},
      .call = [](const OpArguments& x) { return std::vector<Var>{call(x)}; },
      .cases = {{"uniform", {}, {numbers({7, 2000001, 0, 7}), a, b, p}},
                {"gaussian", {}, {numbers({7, 2000001, 0}), a, b, p}, gaussian},
                {"uniform, 61 bits",
                 {},
                 {numbers({1, 2305843009213693949, 4294967296}), large, large, mersenne},
                 {{"buckets", "1000"}}},
                {"one hash, two buckets",
                 {},
                 {numbers({3, 4, 5}), numbers({5}), numbers({0}), numbers({7})},
                 {{"buckets", "2"}}},
                {"empty", {}, {numbers({}), a, b, p}, gaussian}},
      .refused = {{"pairs",
                   {},
                   {numbers({3}), numbers({5}), numbers({0}), numbers({7})},
                   gaussian,
                   "hash_encoding: the Gaussian encoding takes hashes in pairs, got 1"},
                  {"negative id",
                   {},
                   {numbers({3, -1}), a, b, p},
                   {},
                   "hash_encoding: id -1 at position 1 is negative"},
                  {"coefficients",
                   {},
                   {numbers({3}), a, numbers({1}), p},
                   {},
                   "hash_encoding: a, b and p must hold one number per hash, got [2], [1] and [2]"},
                  {"zero p",
                   {},
                   {numbers({3}), a, b, numbers({1000003, 0})},
                   {},
                   "hash_encoding: hash 1 has a = 987643, b = 4099, p = 0"},
                  {"one bucket",
                   {},
                   {numbers({3}), a, b, p},
                   {{"buckets", "1"}},
                   "hash_encoding: at least two buckets are needed, got 1"}}};
}

}  // namespace ctr
