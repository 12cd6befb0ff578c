#pragma once
// Compressed embeddings in golden files: the option
//   embedding: {<field>: {type: dhe, hashes, buckets, encoding, decoder_units, activation, bn_eps,
//                         log_floor}} or {type: quotient_remainder, rows, divisor, op, table_dim}
// of one field, the parameters `dhe/…` or `qr/…`, DHE's coefficients `hash/a`, `hash/b`, `hash/p`
// and the codes of the batch, `encoding`.

#include "io/json.h"
#include "tools/golden/described.h"

namespace ctr {

// Sets the options, the rows of the field and the names of parameters and states. `d` holds the
// schema and the file's names as they are. Throws kind data on settings that it does not know.
void describe_embedding(const Json& embedding, const GoldenFile& file, Described& d);

// Compares the codes, where the file has any.
void compare_encoding(GoldenFile& file, const Described& d, DType dtype, Comparison& result);

}  // namespace ctr
