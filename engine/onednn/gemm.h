#pragma once
// f32 products on oneDNN. A product is cut into blocks of rows or columns of c by its shape alone;
// each block is one single-threaded primitive, created once per thread and shape. Large products go
// by packed_gemm.h. oneDNN's own
// threading would split the inner dimension by the number of threads, and the bits with it.

#include "engine/linalg.h"

namespace ctr::onednn {

// Sizes must fit and none may be 0 (ctr::gemm sees to both).
void gemm(const Matrix<const float>& a, Transpose transpose_a, const Matrix<const float>& b,
          Transpose transpose_b, const Matrix<float>& c, const Epilogue<float>& epilogue);
// The same as one primitive on the calling thread.
void gemm_here(const Matrix<const float>& a, Transpose transpose_a, const Matrix<const float>& b,
               Transpose transpose_b, const Matrix<float>& c, const Epilogue<float>& epilogue);

}  // namespace ctr::onednn
