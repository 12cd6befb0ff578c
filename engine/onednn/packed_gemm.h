#pragma once
// Products with a factor packed once. A 1×1 convolution over rows as pixels and columns as channels
// is the product c = a op(b); oneDNN's kernels for it read a in place and b from a layout of their
// own, while a plain product packs both factors anew for each block: measured on AVX2, a fifth
// faster at 4096 rows (docs/performance.md).

#include "engine/linalg.h"

namespace ctr::onednn {

// c = epilogue(a op(b)), or false with c untouched where this way is not open: rows of a and c must
// lie without gaps, the inner size and the columns be multiples of 8, and the product be large.
bool packed_gemm(const Matrix<const float>& a, const Matrix<const float>& b, Transpose transpose_b,
                 const Matrix<float>& c, const Epilogue<float>& epilogue);

}  // namespace ctr::onednn
