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
  Tensor ids;      // i64: categorical [B], sequence [total]
  Tensor offsets;  // i64 [B]: where each row's ids begin in `ids` (sequence)
  Tensor values;   // f32 or f64 [B]: numeric
};

struct Batch {
  int64_t rows = 0;                // B
  std::vector<FieldBatch> fields;  // in the schema's order
  Tensor label;                    // f32 or f64 [B], in [0, 1]
  Tensor domain;                   // i64 [B]; undefined when the data set has one domain
};

// Vector tables given with a data set, by name: f32 [vocabulary, width]. Models keep them frozen.
using GivenVectors = std::map<std::string, Tensor>;

}  // namespace ctr
