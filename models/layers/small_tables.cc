#include "models/layers/small_tables.h"

#include <cmath>
#include <string>

#include "engine/check.h"

namespace ctr {
namespace {

int64_t quotient_up(int64_t number, int64_t divisor) { return (number + divisor - 1) / divisor; }

// ⌈√n⌉
int64_t root_up(int64_t n) {
  auto root = static_cast<int64_t>(std::sqrt(static_cast<double>(n)));
  while (root * root < n) ++root;
  return std::max<int64_t>(root, 1);
}

}  // namespace

StoredHashFamily::StoredHashFamily(const Scope& scope, int64_t hashes, int64_t buckets, int64_t ids)
    : buckets_(buckets) {
  const Scope own = scope / "hash";
  const RandomStream random{scope.mode().seed, stream_of(own.path()), 0};
  const HashFamily family = draw_hash_family(hashes, buckets, ids, random);
  a_ = &own.state("a", family.a);
  b_ = &own.state("b", family.b);
  p_ = &own.state("p", family.p);
}

HashedEmbedding::HashedEmbedding(const Scope& scope, int64_t ids, int64_t width,
                                 const EmbeddingOptions& options, double deviation)
    : ids_(ids),
      rows_(options.hash_rows > 0 ? options.hash_rows : quotient_up(ids, 4)),
      hash_(scope, options.hash_count, rows_, ids) {
  // Sums of k rows of this deviation have the one asked for.
  const double each = deviation / std::sqrt(static_cast<double>(options.hash_count));
  for (int64_t j = 0; j < options.hash_count; ++j)
    tables_.push_back(&scope.table(std::to_string(j), {rows_, width}, Initializer::normal(each)));
}

Var HashedEmbedding::operator()(const Tensor& ids, int64_t padding) const {
  check_ids("hash embedding", ids, ids_, padding);
  const Tensor hashed = hash_ids(ids, hash_.family());
  const int64_t count = ids.count(), tables = std::ssize(tables_);
  std::vector<Lookup> lookups;
  for (int64_t j = 0; j < tables; ++j) {
    Tensor rows({count}, DType::i64);
    for (int64_t i = 0; i < count; ++i) {
      rows.data<int64_t>()[i] = ids.data<int64_t>()[i] == padding
                                    ? rows_  // beyond the table: its padding
                                    : hashed.data<int64_t>()[i * tables + j];
    }
    lookups.push_back({*tables_[static_cast<size_t>(j)], rows, rows_});
  }
  if (tables > 1) return gather_sum(lookups);
  return gather(lookups[0].table, lookups[0].ids, rows_);
}

QuotientRemainderEmbedding::QuotientRemainderEmbedding(const Scope& scope, int64_t ids,
                                                       int64_t width,
                                                       const EmbeddingOptions& options,
                                                       double deviation) {
  const int64_t divisor = options.qr_divisor > 0 ? options.qr_divisor : root_up(ids);
  const bool concat = options.qr_op == "concat" && width > 1;  // a single weight: added
  composition_ = options.qr_op == "mult" ? Composition::multiply
                 : concat                ? Composition::concat
                                         : Composition::add;
  CTR_CHECK(!concat || width % 2 == 0,
            "embeddings: --qr-op concat needs vectors of even width, got {}; set --embedding-dim",
            width);
  // So that the composed vectors have the deviation asked for.
  const double each = composition_ == Composition::multiply ? std::sqrt(deviation)
                      : concat                              ? deviation
                                                            : deviation / std::sqrt(2.0);
  const int64_t part = concat ? width / 2 : width;
  const Initializer normal = Initializer::normal(each);
  quotient_ = &scope.table("quotient", {quotient_up(ids, divisor), part}, normal);
  remainder_ = &scope.table("remainder", {divisor, part}, normal);
}

Var QuotientRemainderEmbedding::operator()(const Tensor& ids, int64_t padding) const {
  return quotient_remainder(*quotient_, *remainder_, ids, composition_, padding);
}

}  // namespace ctr
