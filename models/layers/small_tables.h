#pragma once

#include <string>
#include <vector>

#include "models/layers/compressed_embedding.h"
#include "ops/hashing/hashing.h"
#include "ops/quotient_remainder/quotient_remainder.h"

namespace ctr {

// A hash family drawn from the seed and the scope's path and kept as states `hash/a`, `hash/b`,
// `hash/p` (i64 [k]), so that every later run hashes alike.
class StoredHashFamily {
 public:
  StoredHashFamily(const Scope& scope, int64_t hashes, int64_t buckets, int64_t ids);
  HashFamily family() const { return {a_->value, b_->value, p_->value, buckets_}; }

 private:
  const Parameter* a_;
  const Parameter* b_;
  const Parameter* p_;
  int64_t buckets_;
};

// The hashing trick: y = Σ_j T_j[h_j(id)], one table of m rows for each of a few hash functions
// (Weinberger et al.: Feature hashing for large scale multitask learning, ICML 2009; several
// tables: Zhang et al.: Model size reduction using frequency based double hashing, RecSys 2020).
// Parameters
// `<j>` [m, width].
class HashedEmbedding : public CompressedEmbedding {
 public:
  HashedEmbedding(const Scope& scope, int64_t ids, int64_t width, const EmbeddingOptions& options,
                  double deviation);
  Var operator()(const Tensor& ids, int64_t padding) const override;

 private:
  int64_t ids_, rows_;
  StoredHashFamily hash_;
  std::vector<const Parameter*> tables_;
};

// Compositional embeddings: y = Q[id div c] ∘ R[id mod c] (ops/quotient_remainder). Parameters
// `quotient` [⌈ids / c⌉, width], `remainder` [c, width]; half the width each side by side.
class QuotientRemainderEmbedding : public CompressedEmbedding {
 public:
  QuotientRemainderEmbedding(const Scope& scope, int64_t ids, int64_t width,
                             const EmbeddingOptions& options, double deviation);
  Var operator()(const Tensor& ids, int64_t padding) const override;

 private:
  Composition composition_;
  const Parameter* quotient_;
  const Parameter* remainder_;
};

}  // namespace ctr
