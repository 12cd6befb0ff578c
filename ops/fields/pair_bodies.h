#pragma once
// Bodies over pairs (i, j), i < j, of fields; v is [B, F, D]. Vectors are walked in chunks of 8, 4
// and 1 elements whose number the compiler knows.

#include "engine/kernel.h"

namespace ctr {

// The number of the pair (i, i + 1).
CTR_HD inline int64_t first_pair(int64_t i, int64_t fields) { return i * fields - i * (i + 1) / 2; }
CTR_HD inline int64_t pair_number(int64_t i, int64_t j, int64_t fields) {
  return i < j ? first_pair(i, fields) + j - i - 1 : first_pair(j, fields) + i - j - 1;
}

// Σ_d a_d b_d (w_d): sums of every kLanes-th element, and the last few by themselves.
template <class T, int kLanes>
struct LaneSums {
  T lane[kLanes];
  T rest;
  CTR_HD LaneSums() : rest(T(0)) {
    for (int k = 0; k < kLanes; ++k) lane[k] = T(0);
  }
  CTR_HD void add(const T* a, const T* b, int64_t n) {
    int64_t d = 0;
    for (; d + kLanes <= n; d += kLanes) {
#pragma omp simd
      for (int k = 0; k < kLanes; ++k) lane[k] += a[d + k] * b[d + k];
    }
    for (; d < n; ++d) rest += a[d] * b[d];
  }
  CTR_HD void add(const T* a, const T* b, const T* w, int64_t n) {
    int64_t d = 0;
    for (; d + kLanes <= n; d += kLanes) {
#pragma omp simd
      for (int k = 0; k < kLanes; ++k) lane[k] += a[d + k] * b[d + k] * w[d + k];
    }
    for (; d < n; ++d) rest += a[d] * b[d] * w[d];
  }
  CTR_HD T sum() {
    for (int half = kLanes / 2; half > 0; half /= 2) {
      for (int k = 0; k < half; ++k) lane[k] += lane[k + half];
    }
    return lane[0] + rest;
  }
};

// y[b, n] = Σ_d v_id v_jd (w_nd)
template <class T>
struct PairwiseInner {
  static constexpr const char* kName = "pairwise_inner";
  const T* v;
  const T* w;  // or null
  T* y;
  int64_t fields, width, pairs;
  CTR_HD int64_t work() const { return pairs * width; }
  CTR_HD void operator()(int64_t row) const {
    const T* first = v + row * fields * width;
    T* out = y + row * pairs;
    int64_t n = 0;
    for (int64_t i = 0; i < fields; ++i) {
      for (int64_t j = i + 1; j < fields; ++j, ++n) {
        LaneSums<T, 8> sums;
        if (w == nullptr) {
          sums.add(first + i * width, first + j * width, width);
        } else {
          sums.add(first + i * width, first + j * width, w + n * width, width);
        }
        out[n] = sums.sum();
      }
    }
  }
};
CTR_KERNEL(for_each, PairwiseInner);

// dv[b, i, :] = Σ_{j ≠ i} dy[b, n] v_j (w_n)
template <class T>
struct PairwiseInnerBackward {
  static constexpr const char* kName = "pairwise_inner backward";
  static constexpr bool kLoops = true;
  const T* v;
  const T* w;  // or null
  const T* dy;
  T* dv;
  int64_t fields, width, pairs;
  template <int kCount>
  CTR_HD void add(T (&sum)[kCount], const T* other, int64_t n, int64_t d, T upstream) const {
    if (w == nullptr) {
#pragma omp simd
      for (int k = 0; k < kCount; ++k) sum[k] += upstream * other[k];
    } else {
#pragma omp simd
      for (int k = 0; k < kCount; ++k) sum[k] += upstream * other[k] * w[n * width + d + k];
    }
  }
  template <int kCount>
  CTR_HD void chunk(int64_t row, int64_t i, int64_t d) const {
    T sum[kCount];
    for (int k = 0; k < kCount; ++k) sum[k] = T(0);
    const T* first = v + row * fields * width + d;
    const T* upstream = dy + row * pairs;
    int64_t n = i - 1;  // of the pair (0, i)
    for (int64_t j = 0; j < i; n += fields - j - 2, ++j)
      add<kCount>(sum, first + j * width, n, d, upstream[n]);
    n = first_pair(i, fields);
    for (int64_t j = i + 1; j < fields; ++j, ++n)
      add<kCount>(sum, first + j * width, n, d, upstream[n]);
    T* out = dv + (row * fields + i) * width + d;
    for (int k = 0; k < kCount; ++k) out[k] = sum[k];
  }
  CTR_HD void operator()(int64_t row, int64_t i) const {
    int64_t d = 0;
    for (; d + 16 <= width; d += 16) chunk<16>(row, i, d);
    for (; d + 4 <= width; d += 4) chunk<4>(row, i, d);
    for (; d < width; ++d) chunk<1>(row, i, d);
  }
};
CTR_KERNEL(for_each_2d, PairwiseInnerBackward);

// Σ over the rows of a block of dy[b, n] v_id v_jd, into row `block` of partial [blocks, P D].
template <class T>
struct PairWeightBackward {
  static constexpr const char* kName = "pairwise_inner weight backward";
  static constexpr int64_t kBlock = 64;
  const T* v;
  const T* dy;
  T* partial;
  int64_t rows, fields, width, pairs;
  CTR_HD int64_t work() const { return kBlock * pairs * width; }
  template <int kCount>
  CTR_HD void chunk(int64_t block, int64_t i, int64_t j, int64_t n, int64_t d) const {
    T sum[kCount];
    for (int k = 0; k < kCount; ++k) sum[k] = T(0);
    const int64_t end = (block + 1) * kBlock < rows ? (block + 1) * kBlock : rows;
    for (int64_t row = block * kBlock; row < end; ++row) {
      const T g = dy[row * pairs + n];
      const T* left = v + (row * fields + i) * width + d;
      const T* right = v + (row * fields + j) * width + d;
      for (int k = 0; k < kCount; ++k) sum[k] += g * left[k] * right[k];
    }
    T* out = partial + (block * pairs + n) * width + d;
    for (int k = 0; k < kCount; ++k) out[k] = sum[k];
  }
  CTR_HD void operator()(int64_t block) const {
    int64_t n = 0;
    for (int64_t i = 0; i < fields; ++i) {
      for (int64_t j = i + 1; j < fields; ++j, ++n) {
        int64_t d = 0;
        for (; d + 8 <= width; d += 8) chunk<8>(block, i, j, n, d);
        for (; d < width; ++d) chunk<1>(block, i, j, n, d);
      }
    }
  }
};
CTR_KERNEL(for_each, PairWeightBackward);

// y[b, n, :] = u_i ⊙ v_j; a row of y holds `stride` elements.
template <class T>
struct PairwiseHadamard {
  static constexpr const char* kName = "pairwise_hadamard";
  const T* u;
  const T* v;
  T* y;
  int64_t fields, width, stride;
  CTR_HD int64_t work() const { return fields * (fields - 1) / 2 * width; }
  CTR_HD void operator()(int64_t row) const {
    T* out = y + row * stride;
    for (int64_t i = 0; i < fields; ++i) {
      const T* left = u + (row * fields + i) * width;
      for (int64_t j = i + 1; j < fields; ++j, out += width) {
        const T* right = v + (row * fields + j) * width;
        for (int64_t d = 0; d < width; ++d) out[d] = left[d] * right[d];
      }
    }
  }
};
CTR_KERNEL(for_each, PairwiseHadamard);

// du[b, f, :] = Σ_{j > f} dy_n ⊙ v_j and dv[b, f, :] = Σ_{i < f} dy_n ⊙ u_i, either where asked.
template <class T>
struct PairwiseHadamardBackward {
  static constexpr const char* kName = "pairwise_hadamard backward";
  static constexpr bool kLoops = true;
  const T* u;
  const T* v;
  const T* dy;
  T* du;  // or null
  T* dv;  // or null
  int64_t fields, width, stride;
  // out = Σ over fields [begin, end) of dy of the pair with f, times the other's vector.
  template <int kCount>
  CTR_HD void chunk(int64_t row, int64_t f, int64_t d, int64_t begin, int64_t end, const T* other,
                    T* out) const {
    T sum[kCount];
    for (int k = 0; k < kCount; ++k) sum[k] = T(0);
    for (int64_t g = begin; g < end; ++g) {
      const T* upstream = dy + row * stride + pair_number(f, g, fields) * width + d;
      const T* factor = other + (row * fields + g) * width + d;
      for (int k = 0; k < kCount; ++k) sum[k] += upstream[k] * factor[k];
    }
    T* to = out + (row * fields + f) * width + d;
    for (int k = 0; k < kCount; ++k) to[k] = sum[k];
  }
  CTR_HD void all(int64_t row, int64_t f, int64_t begin, int64_t end, const T* other,
                  T* out) const {
    if (out == nullptr) return;
    int64_t d = 0;
    for (; d + 8 <= width; d += 8) chunk<8>(row, f, d, begin, end, other, out);
    for (; d + 4 <= width; d += 4) chunk<4>(row, f, d, begin, end, other, out);
    for (; d < width; ++d) chunk<1>(row, f, d, begin, end, other, out);
  }
  CTR_HD void operator()(int64_t row, int64_t f) const {
    all(row, f, f + 1, fields, v, du);
    all(row, f, 0, f, u, dv);
  }
};
CTR_KERNEL(for_each_2d, PairwiseHadamardBackward);

// y[b] = Σ_{i<j} <e_i[j − 1], e_j[i]> for e [B, F, F − 1, D]
template <class T>
struct FieldAware {
  static constexpr const char* kName = "field_aware_interaction";
  const T* e;
  T* y;
  int64_t fields, width;
  CTR_HD int64_t work() const { return fields * (fields - 1) / 2 * width; }
  CTR_HD void operator()(int64_t row) const {
    const int64_t slots = fields - 1;
    const T* first = e + row * fields * slots * width;
    LaneSums<T, 4> sums;
    for (int64_t i = 0; i < fields; ++i) {
      for (int64_t j = i + 1; j < fields; ++j)
        sums.add(first + (i * slots + j - 1) * width, first + (j * slots + i) * width, width);
    }
    y[row] = sums.sum();
  }
};
CTR_KERNEL(for_each, FieldAware);

// de_i[j − 1] = dy e_j[i] and de_j[i] = dy e_i[j − 1]
template <class T>
struct FieldAwareBackward {
  static constexpr const char* kName = "field_aware_interaction backward";
  static constexpr bool kLoops = true;
  const T* e;
  const T* dy;
  T* de;
  int64_t fields, width;
  template <int kCount>
  CTR_HD static void scale(T factor, const T* from, T* to) {
    T scaled[kCount];  // apart from `to`, which the compiler cannot tell from `from`
    for (int k = 0; k < kCount; ++k) scaled[k] = factor * from[k];
    for (int k = 0; k < kCount; ++k) to[k] = scaled[k];
  }
  CTR_HD void operator()(int64_t row, int64_t f) const {
    const int64_t slots = fields - 1;
    const int64_t first = row * fields * slots;
    for (int64_t s = 0; s < slots; ++s) {
      const int64_t other = s < f ? s : s + 1;
      const int64_t theirs = other > f ? f : f - 1;  // its vector for this field
      const T* from = e + (first + other * slots + theirs) * width;
      T* to = de + (first + f * slots + s) * width;
      int64_t d = 0;
      for (; d + 4 <= width; d += 4) scale<4>(dy[row], from + d, to + d);
      for (; d < width; ++d) scale<1>(dy[row], from + d, to + d);
    }
  }
};
CTR_KERNEL(for_each_2d, FieldAwareBackward);

}  // namespace ctr
