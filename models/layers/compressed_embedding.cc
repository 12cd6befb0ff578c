#include "models/layers/compressed_embedding.h"

#include <algorithm>

#include "engine/check.h"
#include "models/layers/deep_hash_embedding.h"
#include "models/layers/small_tables.h"
#include "ops/gather/distinct.h"

namespace ctr {

Var CompressedEmbedding::of_field(const FieldBatch& batch, FieldType type, int64_t padding) const {
  if (type == FieldType::categorical) return (*this)(batch.ids, padding);
  const DistinctIds distinct = distinct_ids(batch.ids, padding);
  return gather_bag((*this)(distinct.values, kNoPadding), distinct.index, batch.offsets,
                    Pooling::mean, distinct.values.count());
}

Var CompressedEmbedding::of_sequence(const SequenceIds& of) const {
  const DistinctIds distinct = distinct_ids(of.ids, of.padding);
  return gather_sequence((*this)(distinct.values, kNoPadding),
                         {distinct.index, of.offsets, of.length, distinct.values.count()});
}

bool names_field(const EmbeddingOptions& options, const Field& field) {
  return std::find(options.fields.begin(), options.fields.end(), field.name) !=
         options.fields.end();
}

bool is_compressed(const Schema& schema, const Field& field, const EmbeddingOptions& options) {
  if (options.kind == "plain") return false;
  for (const std::string& name : options.fields) {
    const Field& named = schema.fields[static_cast<size_t>(schema.index_of(name))];
    CTR_CHECK(named.type != FieldType::numeric,
              "embeddings: field '{}' of --embedding-fields is numeric; only ids can be hashed",
              name);
  }
  if (field.type == FieldType::numeric) return false;
  if (options.fields.empty()) return field.vectors.empty() && field.vocabulary >= options.min_rows;
  return names_field(options, field);
}

std::unique_ptr<CompressedEmbedding> compressed_embedding(const Scope& scope, const Field& field,
                                                          int64_t width,
                                                          const EmbeddingOptions& options,
                                                          double deviation) {
  if (options.kind == "hash")
    return std::make_unique<HashedEmbedding>(scope, field.vocabulary, width, options, deviation);
  if (options.kind == "quotient-remainder")
    return std::make_unique<QuotientRemainderEmbedding>(scope, field.vocabulary, width, options,
                                                        deviation);
  CTR_ASSERT(options.kind == "dhe");
  return std::make_unique<DeepHashEmbedding>(scope, field.vocabulary, width, options, deviation);
}

}  // namespace ctr
