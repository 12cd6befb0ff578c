#pragma once
// The textbook product: the f64 path, and the oracle of the others.

#include <cstdint>

#include "engine/linalg.h"
#include "engine/parallel.h"

namespace ctr::reference {

template <class T>
void gemm(const Matrix<const T>& a, Transpose transpose_a, const Matrix<const T>& b,
          Transpose transpose_b, const Matrix<T>& c, const Epilogue<T>& epilogue) {
  const int64_t inner = transpose_a == Transpose::yes ? a.rows : a.cols;
  parallel_rows(c.rows, c.cols * inner, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      T* row = c.data + i * c.stride;
      for (int64_t j = 0; j < c.cols; ++j) {
        const T before = epilogue.add ? row[j] : T(0);
        row[j] = epilogue.bias ? before + epilogue.bias[j] : before;
      }
      for (int64_t k = 0; k < inner; ++k) {
        T left =
            transpose_a == Transpose::yes ? a.data[k * a.stride + i] : a.data[i * a.stride + k];
        if (transpose_b == Transpose::yes) {
          for (int64_t j = 0; j < c.cols; ++j) row[j] += left * b.data[j * b.stride + k];
        } else {
          for (int64_t j = 0; j < c.cols; ++j) row[j] += left * b.data[k * b.stride + j];
        }
      }
      for (int64_t j = 0; epilogue.relu && j < c.cols; ++j) row[j] = row[j] > T(0) ? row[j] : T(0);
    }
  });
}

}  // namespace ctr::reference
