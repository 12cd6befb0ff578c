#pragma once
// The CPU side of the launchers: threaded, vectorised loops.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "engine/parallel.h"
#include "engine/tensor.h"

namespace ctr::cpu {

// A body whose one call loops over many elements says over how many: `int64_t work() const`.
template <class Body>
void for_each(int64_t n, const Body& body) {
  if constexpr (requires { body.work(); }) {
    parallel_rows(n, body.work(), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) body(i);
    });
  } else {
    parallel_for(n, parallel_grain(), [&](int64_t begin, int64_t end) {
      const Body local = body;  // a copy whose members the compiler may keep in registers
#pragma omp simd
      for (int64_t i = begin; i < end; ++i) local(i);
    });
  }
}

// Columns outside, rows inside, in tiles of rows whose results stay in the cache.
template <class Body>
void for_each_by_column(int64_t begin, int64_t end, int64_t cols, const Body& body) {
  constexpr int64_t kTile = 64;
  for (int64_t first = begin; first < end; first += kTile) {
    const int64_t last = std::min(end, first + kTile);
    for (int64_t col = 0; col < cols; ++col) {
      for (int64_t row = first; row < last; ++row) {
        const int64_t next = row + body.ahead();
        if (next < last) {
          body.prefetch(next, col);
        } else if (col + 1 < cols && next - (last - first) < last) {
          body.prefetch(next - (last - first), col + 1);
        }
        body(row, col);
      }
    }
  }
}

// A body that reads rows far apart may have `void prefetch(int64_t row) const`, called `ahead()`
// rows before that row's turn. One that loops over elements itself says `kLoops = true`: then that
// inner loop is the one to vectorise. `kColumnsOuter = true` asks for the order of
// for_each_by_column and for `prefetch(row, col)`.
template <class Body>
void for_each_2d(int64_t rows, int64_t cols, const Body& body) {
  parallel_rows(rows, cols, [&](int64_t begin, int64_t end) {
    const Body local = body;
    if constexpr (requires { Body::kColumnsOuter; }) {
      for_each_by_column(begin, end, cols, local);
      return;
    }
    for (int64_t row = begin; row < end; ++row) {
      if constexpr (requires { local.prefetch(row); }) {
        if (row + local.ahead() < end) local.prefetch(row + local.ahead());
      }
      if constexpr (requires { Body::kLoops; }) {
        for (int64_t col = 0; col < cols; ++col) local(row, col);
      } else {
#pragma omp simd
        for (int64_t col = 0; col < cols; ++col) local(row, col);
      }
    }
  });
}

// Eight running values per row, combined pairwise: the order depends on `cols` alone.
template <class Body>
void reduce_rows(int64_t rows, int64_t cols, const Body& body) {
  using Value = typename Body::Value;
  constexpr int kLanes = 8;
  parallel_rows(rows, cols, [&](int64_t begin, int64_t end) {
    const Body local = body;
    for (int64_t row = begin; row < end; ++row) {
      Value lane[kLanes];
      for (Value& value : lane) value = local.identity();
      int64_t full = cols / kLanes * kLanes;
      for (int64_t col = 0; col < full; col += kLanes) {
#pragma omp simd
        for (int k = 0; k < kLanes; ++k) lane[k] = local.combine(lane[k], local.load(row, col + k));
      }
      for (int64_t col = full; col < cols; ++col) {
        lane[col - full] = local.combine(lane[col - full], local.load(row, col));
      }
      for (int width = kLanes / 2; width > 0; width /= 2) {
        for (int k = 0; k < width; ++k) lane[k] = local.combine(lane[k], lane[k + width]);
      }
      local.store(row, lane[0]);
    }
  });
}

// Rows in blocks of fixed size, each summed in order of its rows; then the blocks in order.
template <class Body>
void reduce_cols(int64_t rows, int64_t cols, const Body& body) {
  using Value = typename Body::Value;
  constexpr int64_t kBlock = 64;
  if (cols <= 0) return;
  const int64_t blocks = std::max<int64_t>(1, (rows + kBlock - 1) / kBlock);
  Tensor scratch({blocks, cols}, dtype_of<Value>());
  Value* partial = scratch.data<Value>();
  parallel_rows(blocks, kBlock * cols, [&](int64_t begin, int64_t end) {
    const Body local = body;
    for (int64_t block = begin; block < end; ++block) {
      Value* sum = partial + block * cols;
      std::fill_n(sum, cols, local.identity());
      for (int64_t row = block * kBlock; row < std::min(rows, (block + 1) * kBlock); ++row) {
#pragma omp simd
        for (int64_t col = 0; col < cols; ++col)
          sum[col] = local.combine(sum[col], local.load(row, col));
      }
    }
  });
  for (int64_t block = 1; block < blocks; ++block) {
#pragma omp simd
    for (int64_t col = 0; col < cols; ++col) {
      partial[col] = body.combine(partial[col], partial[block * cols + col]);
    }
  }
  for (int64_t col = 0; col < cols; ++col) body.store(col, partial[col]);
}

}  // namespace ctr::cpu
