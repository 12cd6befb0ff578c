#pragma once
// Table lookups.

#include "engine/kernel.h"
#include "engine/prefetch.h"

namespace ctr {

// Up to kMost tables of equal width and the ids that look into them, one per row and table.
template <class T>
struct FieldTables {
  static constexpr int kMost = 64;
  const T* table[kMost];
  const int64_t* ids[kMost];
  int64_t padding[kMost];
  int64_t count;
  int64_t width;
  CTR_HD const T* source(int64_t row, int64_t field) const {
    return table[field] + ids[field][row] * width;
  }
  CTR_HD bool empty(int64_t row, int64_t field) const { return ids[field][row] == padding[field]; }
};

// Their rows into y [B, fields, width], from field `first` on; zeros for padding ids.
template <class T>
struct GatherFields {
  static constexpr const char* kName = "gather_fields";
  static constexpr bool kLoops = true;
  static constexpr bool kColumnsOuter = true;  // one table after another
  FieldTables<T> tables;
  T* y;
  int64_t fields;
  int64_t first;
  CTR_HD void operator()(int64_t row, int64_t field) const {
    const T* source = tables.source(row, field);
    T* target = y + (row * fields + first + field) * tables.width;
    const bool empty = tables.empty(row, field);
    for (int64_t k = 0; k < tables.width; ++k) target[k] = empty ? T(0) : source[k];
  }
  int64_t ahead() const { return 16; }
  void prefetch(int64_t row, int64_t field) const {
    prefetch_lines(tables.source(row, field), tables.width);
  }
};
CTR_KERNEL(for_each_2d, GatherFields);

// The sum of their rows, added to y [B, width], table after table for `tile` rows at a time.
template <class T>
struct GatherSum {
  static constexpr const char* kName = "gather_sum";
  FieldTables<T> tables;
  T* y;
  int64_t rows, tile;
  int64_t work() const { return tile * tables.count * tables.width; }
  CTR_HD void operator()(int64_t index) const {
    const int64_t begin = index * tile, end = begin + tile < rows ? begin + tile : rows;
    for (int64_t field = 0; field < tables.count; ++field) {
      for (int64_t row = begin; row < end; ++row) {
        const T* source = tables.source(row, field);
        const bool empty = tables.empty(row, field);
        for (int64_t k = 0; k < tables.width; ++k)
          y[row * tables.width + k] += empty ? T(0) : source[k];
      }
    }
  }
};
CTR_KERNEL(for_each, GatherSum);

// y[row, k] = Σ table[ids[t], k] over the row's ids, divided by their count when `mean`; padding
// ids do not count.
template <class T>
struct GatherBag {
  static constexpr const char* kName = "gather_bag";
  const T* table;
  const int64_t* ids;
  const int64_t* offsets;
  T* y;
  int64_t rows;
  int64_t total;
  int64_t width;
  int64_t padding;
  bool mean;
  CTR_HD void operator()(int64_t row, int64_t k) const {
    int64_t end = row + 1 < rows ? offsets[row + 1] : total;
    T sum = T(0);
    int64_t count = 0;
    for (int64_t t = offsets[row]; t < end; ++t) {
      if (ids[t] == padding) continue;
      sum += table[ids[t] * width + k];
      ++count;
    }
    y[row * width + k] = mean && count > 0 ? sum / static_cast<T>(count) : sum;
  }
};
CTR_KERNEL(for_each_2d, GatherBag);

// d table[ids[t]] = dy[row of t], divided by the row's count when `mean`.
template <class T>
struct GatherBagBackward {
  static constexpr const char* kName = "gather_bag backward";
  const T* dy;
  const int64_t* ids;
  const int64_t* offsets;
  T* values;
  int64_t rows;
  int64_t total;
  int64_t width;
  int64_t padding;
  bool mean;
  CTR_HD void operator()(int64_t row, int64_t k) const {
    int64_t end = row + 1 < rows ? offsets[row + 1] : total;
    int64_t count = 0;
    for (int64_t t = offsets[row]; t < end; ++t) count += ids[t] == padding ? 0 : 1;
    T value = dy[row * width + k];
    if (mean && count > 0) value /= static_cast<T>(count);
    for (int64_t t = offsets[row]; t < end; ++t) values[t * width + k] = value;
  }
};
CTR_KERNEL(for_each_2d, GatherBagBackward);

}  // namespace ctr
