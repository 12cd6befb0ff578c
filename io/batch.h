#pragma once
// One mini-batch on the host.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/tensor.h"

namespace ctr {

// The values of one field for B rows; which members are defined follows from the field's type.
struct FieldBatch {
  Tensor ids;      // i64: categorical [B], lists [total]
  Tensor offsets;  // i64 [B]: where each row's ids begin in `ids` (lists)
  Tensor values;   // f32 or f64 [B]: numeric
};

struct Batch {
  int64_t rows = 0;                // B
  std::vector<FieldBatch> fields;  // in the schema's order
  Tensor label;                    // f32 or f64 [B], in [0, 1]: the schema's first label
  std::vector<Tensor> labels;      // all of them, [B] each
  Tensor domain;                   // i64 [B]: ids of the domain field; undefined without one
  Tensor group;                    // i64 [B]: of the group field, else the user field; or undefined
  Tensor row;                      // i64 [B]: number of each row in its split
  // i64 [B], where rows are one place each of sequences that go on from batch to batch: what
  // follows there, 0: nothing, and 1 where a sequence begins. Undefined: rows are whole.
  Tensor next, begins;
};

// Vector tables given with a data set, by name: f32 [vocabulary, width]. Models keep them frozen.
using GivenVectors = std::map<std::string, Tensor>;

}  // namespace ctr
