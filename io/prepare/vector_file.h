#pragma once
// The vectors of a field's tokens, from a file: a matrix [n, width] of f32 or f64 in FILE.npy or
// FILE.safetensors. Whose vector a row is:
//
//   safetensors with a tensor `ids`, i32 or i64 [n]   of the token that is this number's text
//   FILE.txt beside it (the same name otherwise)      of the token in that line of it
//   neither                                           of the ids in order: n is the rows of the
//                                                     field's table, or its tokens alone
//
// The matrix of a safetensors file is its tensor `vectors`, or its only one beside `ids`.

#include <string>

#include "engine/options.h"
#include "io/prepare/prepare.h"

namespace ctr {

// Reads such a file. Throws kind data, naming the file (and row and column), on numbers that are
// not finite or beyond f32, on a token named twice, and on counts that do not fit.
VectorSource read_vectors(const std::string& path);

// Each text is FIELD=FILE: that field of the plan takes its vectors from the file, frozen. Throws
// kind usage on an unknown field, and on one whose ids are no tokens of its own: numbers, hashed
// ones, fields that share another's table.
void give_vectors(PreparePlan& plan, const NameList& texts);

}  // namespace ctr
