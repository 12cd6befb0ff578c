#pragma once
// How a product is cut into blocks of its result.

#include <algorithm>
#include <cstdint>

#include "engine/parallel.h"

namespace ctr::onednn {

// Blocks of `rows` by `cols` of the result; those at the far edges may be smaller.
struct Cut {
  int64_t rows, cols;

  int64_t down(int64_t all_rows) const { return (all_rows + rows - 1) / rows; }
  int64_t across(int64_t all_cols) const { return (all_cols + cols - 1) / cols; }
};

// The length of each of `parts` parts, a multiple of `unit`; the last may be shorter.
inline int64_t part_of(int64_t length, int64_t parts, int64_t unit) {
  return ((length + parts - 1) / parts + unit - 1) / unit * unit;
}

// Depends on the shape alone. Each block packs rows × inner of one factor and inner × cols of the
// other, so of all ways to make twelve blocks (fewer for products below 48 Mflop; their number is
// divided evenly by 2, 3, 4 and 6 threads) the one is taken that packs and rounds up least. Rows
// cost half as much again as columns (measured on AVX2 with oneDNN 2.6). `whole_rows`: blocks are
// not to share rows.
inline Cut cut_of(int64_t rows, int64_t cols, int64_t inner, bool whole_rows) {
  constexpr int64_t kRowUnit = 4, kColUnit = 8;
  const double flop =
      2.0 * static_cast<double>(rows) * static_cast<double>(cols) * static_cast<double>(inner);
  const double wanted = flop / (128.0 * static_cast<double>(parallel_grain()));  // 4 Mflop each
  const int64_t count = wanted >= 12 ? 12 : wanted >= 6 ? 6 : wanted >= 4 ? 4 : wanted >= 2 ? 2 : 1;
  Cut best{part_of(rows, count, kRowUnit), cols};
  double least = -1;
  for (int64_t down = 1; down <= count; ++down) {
    if (count % down != 0 || (whole_rows && down < count)) continue;
    const Cut cut{part_of(rows, down, kRowUnit), part_of(cols, count / down, kColUnit)};
    const double padded = static_cast<double>(cut.rows * down * cut.cols * (count / down));
    const double cost = (1.5 * static_cast<double>(cut.rows) + static_cast<double>(cut.cols)) *
                        padded / static_cast<double>(rows * cols);
    if (least < 0 || cost < least) {
      least = cost;
      best = cut;
    }
  }
  return best;
}

}  // namespace ctr::onednn
