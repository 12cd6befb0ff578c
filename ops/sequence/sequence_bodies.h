#pragma once
// Bodies over padded sequences.

#include "engine/kernel.h"
#include "engine/math.h"

namespace ctr {

// The ids of each row at `length` places.
struct PaddedIds {
  const int64_t* ids;
  const int64_t* offsets;
  int64_t rows, total, length, padding;
  CTR_HD int64_t end(int64_t row) const { return row + 1 < rows ? offsets[row + 1] : total; }
  CTR_HD int64_t begin(int64_t row) const { return math::max_of(offsets[row], end(row) - length); }
  // The id at a place, −1 for none.
  CTR_HD int64_t at(int64_t row, int64_t place) const {
    const int64_t i = begin(row) + place;
    return i < end(row) && ids[i] != padding ? ids[i] : -1;
  }
};

// y[b, t] = table[id at t], `row` runs over b and t.
template <class T>
struct GatherSequence {
  static constexpr const char* kName = "gather_sequence";
  static constexpr bool kLoops = true;
  PaddedIds of;
  const T* table;
  T* y;
  int64_t width;
  CTR_HD void operator()(int64_t row, int64_t place) const {
    const int64_t id = of.at(row, place);
    T* target = y + (row * of.length + place) * width;
    const T* source = table + (id < 0 ? 0 : id) * width;
    for (int64_t k = 0; k < width; ++k) target[k] = id < 0 ? T(0) : source[k];
  }
};
CTR_KERNEL(for_each_2d, GatherSequence);

// values[i] = dy at the place of the i-th id, 0 for ids that were cut off.
template <class T>
struct GatherSequenceBackward {
  static constexpr const char* kName = "gather_sequence backward";
  PaddedIds of;
  const T* dy;
  T* values;
  int64_t width;
  CTR_HD void operator()(int64_t row, int64_t k) const {
    const int64_t begin = of.begin(row), end = of.end(row);
    for (int64_t i = of.offsets[row]; i < begin; ++i) values[i * width + k] = T(0);
    for (int64_t i = begin; i < end; ++i)
      values[i * width + k] = dy[(row * of.length + i - begin) * width + k];
  }
};
CTR_KERNEL(for_each_2d, GatherSequenceBackward);

// y = [q, k, q − k, q k]; `row` runs over b and t.
template <class T>
struct TargetFeatures {
  static constexpr const char* kName = "target_features";
  const T* q;
  const T* k;
  T* y;
  int64_t length, width;
  CTR_HD void operator()(int64_t row, int64_t e) const {
    const T a = q[row / length * width + e], b = k[row * width + e];
    T* to = y + row * 4 * width + e;
    to[0] = a;
    to[width] = b;
    to[2 * width] = a - b;
    to[3 * width] = a * b;
  }
};
CTR_KERNEL(for_each_2d, TargetFeatures);

// dk = dy_2 − dy_3 + dy_4 q
template <class T>
struct TargetFeaturesKeys {
  static constexpr const char* kName = "target_features backward, keys";
  const T* q;
  const T* dy;
  T* dk;
  int64_t length, width;
  CTR_HD void operator()(int64_t row, int64_t e) const {
    const T* from = dy + row * 4 * width + e;
    dk[row * width + e] =
        from[width] - from[2 * width] + from[3 * width] * q[row / length * width + e];
  }
};
CTR_KERNEL(for_each_2d, TargetFeaturesKeys);

// dq = Σ_t dy_1 + dy_3 + dy_4 k
template <class T>
struct TargetFeaturesTarget {
  static constexpr const char* kName = "target_features backward, target";
  const T* k;
  const T* dy;
  T* dq;
  int64_t length, width;
  CTR_HD void operator()(int64_t b, int64_t e) const {
    T sum = T(0);
    for (int64_t t = b * length; t < (b + 1) * length; ++t) {
      const T* from = dy + t * 4 * width + e;
      sum += from[0] + from[2 * width] + from[3 * width] * k[t * width + e];
    }
    dq[b * width + e] = sum;
  }
};
CTR_KERNEL(for_each_2d, TargetFeaturesTarget);

// Which places of a sequence a row of scores sees; rows run over b, h and i. Without branches, and
// with a mask of the scores' type, so that loops over j vectorise.
template <class T>
struct SeenPlaces {
  const T* mask;
  int64_t heads, length;
  bool causal;
  CTR_HD bool operator()(int64_t row, int64_t j) const {
    const int64_t i = row % length;
    const bool kept = mask[row / (heads * length) * length + j] > T(0);
    return (kept | (i == j)) & (!causal | (j <= i));
  }
};

template <class T>
struct AttentionMax {
  static constexpr const char* kName = "attention_softmax max";
  using Value = T;
  SeenPlaces<T> seen;
  const T* x;
  T* largest;
  T scale;
  CTR_HD T identity() const { return -math::kInfinity<T>; }
  CTR_HD T load(int64_t row, int64_t col) const {
    const T score = scale * x[row * seen.length + col];
    return seen(row, col) ? score : -math::kInfinity<T>;
  }
  CTR_HD T combine(T left, T right) const { return math::max_of(left, right); }
  CTR_HD void store(int64_t row, T value) const { largest[row] = value; }
};
CTR_KERNEL(reduce_rows, AttentionMax);

// Writes y = exp(scale x − max) on the way.
template <class T>
struct AttentionExpSum {
  static constexpr const char* kName = "attention_softmax sum";
  using Value = T;
  SeenPlaces<T> seen;
  const T* x;
  const T* largest;
  T* y;
  T* sum;
  T scale;
  CTR_HD T identity() const { return T(0); }
  CTR_HD T load(int64_t row, int64_t col) const {
    const int64_t i = row * seen.length + col;
    const T raised = math::exp(scale * x[i] - largest[row]);
    const T value = seen(row, col) ? raised : T(0);
    y[i] = value;
    return value;
  }
  CTR_HD T combine(T left, T right) const { return left + right; }
  CTR_HD void store(int64_t row, T value) const { sum[row] = value; }
};
CTR_KERNEL(reduce_rows, AttentionExpSum);

// dx = scale y (dy − <y, dy>)
template <class T>
struct AttentionBackward {
  static constexpr const char* kName = "attention_softmax backward";
  const T* y;
  const T* dy;
  const T* dot;
  T* dx;
  int64_t cols;
  T scale;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    const int64_t i = row * cols + col;
    dx[i] = scale * y[i] * (dy[i] - dot[row]);
  }
};
CTR_KERNEL(for_each_2d, AttentionBackward);

}  // namespace ctr
