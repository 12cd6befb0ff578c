#pragma once
// Dense products over row-major matrices: oneDNN in f32, textbook loops in f64. Row sums run over
// the inner dimension in an order that depends on the shape alone, never on the number of threads.

#include <cstdint>

#include "engine/device.h"

namespace ctr {

// A row-major matrix: element (i, j) is data[i * stride + j], stride ≥ cols.
template <class T>
struct Matrix {
  T* data;
  int64_t rows;
  int64_t cols;
  int64_t stride;
};

enum class Transpose : bool { no, yes };

// What is done to a product before it is written: c = max(0, c + a b + bias) with `add` and `relu`.
template <class T>
struct Epilogue {
  const T* bias = nullptr;  // [columns of c], or none
  bool relu = false;
  bool add = false;  // to what c holds
};

// c = epilogue(op(a) op(b)); c must not overlap a or b. Throws ctr::Error when the sizes do not
// fit.
void gemm(Device device, Matrix<const float> a, Transpose transpose_a, Matrix<const float> b,
          Transpose transpose_b, Matrix<float> c, const Epilogue<float>& epilogue = {});
void gemm(Device device, Matrix<const double> a, Transpose transpose_a, Matrix<const double> b,
          Transpose transpose_b, Matrix<double> c, const Epilogue<double>& epilogue = {});

// The same in one piece on the calling thread, for loops over threads that make a product each.
// Tells no Profile.
void gemm_here(Device device, Matrix<const float> a, Transpose transpose_a, Matrix<const float> b,
               Transpose transpose_b, Matrix<float> c, const Epilogue<float>& epilogue = {});
void gemm_here(Device device, Matrix<const double> a, Transpose transpose_a, Matrix<const double> b,
               Transpose transpose_b, Matrix<double> c, const Epilogue<double>& epilogue = {});

// c_b = op(a_b) op(b_b) for `batch` products of one shape, their matrices one after another in
// memory without gaps. Small products run on one thread each, large ones as gemm().
void batched_gemm(Device device, int64_t batch, Matrix<const float> a, Transpose transpose_a,
                  Matrix<const float> b, Transpose transpose_b, Matrix<float> c);
void batched_gemm(Device device, int64_t batch, Matrix<const double> a, Transpose transpose_a,
                  Matrix<const double> b, Transpose transpose_b, Matrix<double> c);

}  // namespace ctr
