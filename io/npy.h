#pragma once
// NumPy's .npy format: 6 magic bytes, the version, the header's length, a header that is a Python
// dictionary of three entries, raw numbers (NEP 1 of NumPy, versions 1.0, 2.0 and 3.0).

#include <string>

#include "engine/tensor.h"

namespace ctr {

// Reads an array of '<f4' or '<f8' in C order, of 1 to 4 axes → f32 or f64. Throws kind data,
// naming the file, on anything else: Fortran order, pickled objects (never read: they are
// programs), other types and byte orders, a header that is none, bytes missing or left over.
Tensor read_npy(const std::string& path);

}  // namespace ctr
