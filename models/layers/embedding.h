#pragma once

#include <map>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "autograd/tape.h"
#include "models/layers/compressed_embedding.h"
#include "models/model.h"
#include "ops/gather/gather.h"

namespace ctr {

// Numbers of a field as ids (ops/bucketing); rows 0: not so.
struct NumericBuckets {
  int64_t rows = 0, negative_rows = 0;
  int64_t count() const { return rows + negative_rows; }
  // The field's ids: those of the batch, or its numbers' buckets.
  Tensor ids_of(const FieldBatch& batch) const;
};

// The embeddings of the input fields: parameters `embedding/<field>`, [vocabulary, width] for
// categorical fields and lists (mean over the row's ids), [width, 1] for numeric ones (value ·
// vector) or [rows, width] for their buckets. Fields with given vectors read those, frozen; those
// that share a table read its owner's. With --embeddings other than plain the fields that it names
// have what CompressedEmbedding makes below `embedding/<field>/`.
class Embedding {
 public:
  Embedding(const Scope& scope, const ModelContext& context);
  // New tables for these fields of the schema alone, given vectors or not: `<name>/<field>`.
  Embedding(const Scope& scope, const ModelContext& context, std::span<const int64_t> fields,
            std::string_view name = "embedding");

  // All fields side by side, raw numbers last → [B, width()].
  Var flat(const Batch& batch) const { return flat(batch, {}); }
  // The same, with values [B, ..] of the model in the place of some fields; an undefined one leaves
  // its field out.
  Var flat(const Batch& batch, const std::map<int64_t, Var>& instead) const;
  // The fields as vectors of one width → [B, F, D]; raw numbers do not take part.
  Var fields(const Batch& batch) const;
  // x [B, N] and the raw numbers after it → [B, N + raw_width()].
  Var with_raw(const Var& x, const Batch& batch) const;
  // One field of the schema → [B, D].
  Var field(const Batch& batch, int64_t index) const;
  // A list's vectors one by one, at `length` places → [B, length, D] (ops/sequence).
  Var sequence(const Batch& batch, int64_t index, int64_t length) const;

  int64_t width() const;
  // F, D and the number of raw numbers; D throws where vectors differ in width.
  int64_t count() const;
  int64_t vector_width() const;
  int64_t raw_width() const;
  int64_t width_of(int64_t index) const { return entries_[static_cast<size_t>(index)].width; }

 private:
  // Of each field of the schema; width 0: not read.
  struct Entry {
    FieldType type = FieldType::categorical;
    int64_t width = 0;
    bool raw = false;
    int64_t padding = -1;
    const Parameter* table = nullptr;                 // null when raw or compressed
    std::shared_ptr<CompressedEmbedding> compressed;  // of all fields that share it
    NumericBuckets buckets;
    bool joins_run() const { return type == FieldType::categorical && !compressed && width > 0; }
  };
  Entry entry_of(const Scope& tables, const Field& field, const ModelContext& context,
                 bool given) const;
  const Entry* owner_of(const Field& field, const ModelContext& context) const;
  std::vector<Var> parts(const Batch& batch, const std::map<int64_t, Var>& instead) const;
  std::vector<Var> and_raw(std::vector<Var> all, const Batch& batch) const;
  size_t run_end(size_t begin, const std::map<int64_t, Var>& instead) const;

  std::vector<Entry> entries_;
};

// Fields of the schema that are inputs.
std::vector<int64_t> input_fields(const Schema& schema);

// The linear term w0 + Σ_f w_f[x_f]: tables `linear/<field>` of width one and `linear/bias` → [B,
// 1]. Models whose MLP ends in a bias leave w0 out. With --compress-linear the fields whose
// embeddings are compressed have such weights too.
class LinearTerm {
 public:
  LinearTerm(const Scope& scope, const ModelContext& context, bool bias = true);
  Var operator()(const Batch& batch) const;

 private:
  struct Entry {
    FieldType type = FieldType::categorical;
    int64_t padding = kNoPadding;
    const Parameter* weight = nullptr;
    std::unique_ptr<CompressedEmbedding> compressed = nullptr;
    NumericBuckets buckets = {};
  };
  Entry entry_of(const Scope& weights, const Field& field, const ModelContext& context) const;

  std::vector<Entry> entries_;  // neither weight nor compressed: not read
  const Parameter* bias_ = nullptr;
};

}  // namespace ctr
