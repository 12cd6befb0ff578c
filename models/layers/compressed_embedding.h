#pragma once

#include <memory>

#include "autograd/tape.h"
#include "io/batch.h"
#include "io/schema.h"
#include "models/options/embedding_options.h"
#include "ops/sequence/sequence.h"

namespace ctr {

// Vectors of a field's ids without a row of their own for each id.
class CompressedEmbedding {
 public:
  virtual ~CompressedEmbedding() = default;

  // ids i64 [N] in [0, the field's rows) → [N, width]; zeros for `padding`, which sends no
  // gradient.
  virtual Var operator()(const Tensor& ids, int64_t padding) const = 0;

  // The field's part of a batch → [B, width]: vectors of its ids, or means over its lists.
  Var of_field(const FieldBatch& batch, FieldType type, int64_t padding) const;
  // A list's vectors one by one → [B, T, width] (ops/sequence).
  Var of_sequence(const SequenceIds& of) const;
};

// Whether --embedding-fields has it: then its vectors are trained, whatever came with the data.
bool names_field(const EmbeddingOptions& options, const Field& field);
// Whether the options ask for it. Throws where they name a field that has no ids or is not there.
bool is_compressed(const Schema& schema, const Field& field, const EmbeddingOptions& options);

// The kind that the options name, its parameters and states below `scope`. Vectors start with about
// this deviation where they are rows of tables.
std::unique_ptr<CompressedEmbedding> compressed_embedding(const Scope& scope, const Field& field,
                                                          int64_t width,
                                                          const EmbeddingOptions& options,
                                                          double deviation);

}  // namespace ctr
