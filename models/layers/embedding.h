#pragma once

#include <vector>

#include "autograd/tape.h"
#include "models/model.h"

namespace ctr {

// The embeddings of all fields: parameters `embedding/<field>`, [vocabulary, width] for categorical
// fields and sequences (mean over the row's ids), [width, 1] for numeric ones (value · vector).
// Fields with given vectors read those, frozen.
class Embedding {
 public:
  Embedding(const Scope& scope, const ModelContext& context);

  // All fields side by side, raw numbers last → [B, width()].
  Var flat(const Batch& batch) const;
  // The fields as vectors of one width → [B, F, D]; raw numbers do not take part.
  Var fields(const Batch& batch) const;
  // One field → [B, D].
  Var field(const Batch& batch, int64_t index) const;

  int64_t width() const;
  int64_t width_of(int64_t index) const { return entries_[static_cast<size_t>(index)].width; }

 private:
  struct Entry {
    FieldType type;
    bool raw;
    int64_t width;
    int64_t padding;
    const Parameter* table;  // null when raw
  };
  std::vector<Var> parts(const Batch& batch) const;
  size_t run_end(size_t begin) const;

  std::vector<Entry> entries_;
};

// The linear term w0 + Σ_f w_f[x_f]: tables `linear/<field>` of width one and `linear/bias` → [B,
// 1].
class LinearTerm {
 public:
  LinearTerm(const Scope& scope, const ModelContext& context);
  Var operator()(const Batch& batch) const;

 private:
  struct Entry {
    FieldType type;
    int64_t padding;
    const Parameter* weight;
  };
  std::vector<Entry> entries_;
  const Parameter* bias_;
};

}  // namespace ctr
