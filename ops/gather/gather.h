#pragma once
// Embedding lookups. Their gradient is rows: the ids and the upstream gradient, no table-sized
// work.

#include <span>

#include "autograd/tape.h"

namespace ctr {

inline constexpr int64_t kNoPadding = -1;

// y[i, …] = table[ids[i, …]]: table [V, D], ids i64 of any shape → the ids' shape × D. An id equal
// to `padding` reads zeros and sends no gradient, and need not be a row. Throws when another id
// lies outside [0, V).
Var gather(const Var& table, const Tensor& ids, int64_t padding = kNoPadding);

// One id per row and field.
struct Lookup {
  Var table;   // [V_f, D], one D for all
  Tensor ids;  // i64 [B]
  int64_t padding = kNoPadding;
};

// y[b, f] = table_f[ids_f[b]] → [B, F, D] in one pass.
Var gather_fields(std::span<const Lookup> lookups);

// y[b] = Σ_f table_f[ids_f[b]] → [B, D].
Var gather_sum(std::span<const Lookup> lookups);

enum class Pooling : uint8_t { sum, mean };

// y[b] = sum or mean over t in [offsets[b], offsets[b + 1]) of table[ids[t]] → [B, D]. offsets i64
// [B]; the last bag ends with the ids. An empty bag gives zeros; ids equal to `padding` do not
// count.
Var gather_bag(const Var& table, const Tensor& ids, const Tensor& offsets, Pooling pooling,
               int64_t padding = kNoPadding);

// Throws unless every id but `padding` lies in [0, rows).
void check_ids(const char* op, const Tensor& ids, int64_t rows, int64_t padding = kNoPadding);

}  // namespace ctr
