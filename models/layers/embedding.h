#pragma once

#include <map>
#include <span>
#include <vector>

#include "autograd/tape.h"
#include "models/model.h"

namespace ctr {

// The embeddings of the input fields: parameters `embedding/<field>`, [vocabulary, width] for
// categorical fields and lists (mean over the row's ids), [width, 1] for numeric ones (value ·
// vector). Fields with given vectors read those, frozen; those that share one read its owner's.
class Embedding {
 public:
  Embedding(const Scope& scope, const ModelContext& context);
  // New tables for these fields of the schema alone, given vectors or not.
  Embedding(const Scope& scope, const ModelContext& context, std::span<const int64_t> fields);

  // All fields side by side, raw numbers last → [B, width()].
  Var flat(const Batch& batch) const { return flat(batch, {}); }
  // The same, with values [B, ..] of the model in the place of some fields; an undefined one leaves
  // its field out.
  Var flat(const Batch& batch, const std::map<int64_t, Var>& instead) const;
  // The fields as vectors of one width → [B, F, D]; raw numbers do not take part.
  Var fields(const Batch& batch) const;
  // One field of the schema → [B, D].
  Var field(const Batch& batch, int64_t index) const;
  // A list's vectors one by one, at `length` places → [B, length, D] (ops/sequence).
  Var sequence(const Batch& batch, int64_t index, int64_t length) const;

  int64_t width() const;
  int64_t width_of(int64_t index) const { return entries_[static_cast<size_t>(index)].width; }

 private:
  // Of each field of the schema; width 0: not read.
  struct Entry {
    FieldType type = FieldType::categorical;
    int64_t width = 0;
    bool raw = false;
    int64_t padding = -1;
    const Parameter* table = nullptr;  // null when raw
  };
  Entry entry_of(const Scope& tables, const Field& field, const ModelContext& context,
                 bool given) const;
  const Parameter* shared_table(const Field& field, const ModelContext& context) const;
  std::vector<Var> parts(const Batch& batch, const std::map<int64_t, Var>& instead) const;
  size_t run_end(size_t begin) const;

  std::vector<Entry> entries_;
};

// The linear term w0 + Σ_f w_f[x_f]: tables `linear/<field>` of width one and `linear/bias` → [B,
// 1]. Models whose MLP ends in a bias leave w0 out.
class LinearTerm {
 public:
  LinearTerm(const Scope& scope, const ModelContext& context, bool bias = true);
  Var operator()(const Batch& batch) const;

 private:
  struct Entry {
    FieldType type;
    int64_t padding;
    const Parameter* weight;  // null: not read
  };
  std::vector<Entry> entries_;
  const Parameter* bias_ = nullptr;
};

}  // namespace ctr
