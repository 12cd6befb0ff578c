#pragma once
// Textbook convolutions: the f64 path, and the oracle of the others.

#include <algorithm>
#include <cstdint>

#include "engine/conv1d.h"
#include "engine/parallel.h"

namespace ctr::reference {

template <class T>
void conv1d_forward(const Conv1d& c, const T* x, const T* w, const T* bias, T* y) {
  parallel_rows(c.rows_out(), c.out * c.in * c.taps, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const int64_t sequence = row / c.places(), t = row % c.places();
      for (int64_t o = 0; o < c.out; ++o) {
        T sum = bias != nullptr ? bias[o] : T(0);
        for (int64_t j = 0; j < c.taps; ++j) {
          const int64_t from = t - c.shift(j);
          if (from < 0 || from >= c.length) continue;
          const T* seen = x + (sequence * c.length + from) * c.in;
          for (int64_t i = 0; i < c.in; ++i) sum += w[(o * c.in + i) * c.taps + j] * seen[i];
        }
        y[row * c.out + o] = sum;
      }
    }
  });
}

template <class T>
void conv1d_data(const Conv1d& c, const T* dy, const T* w, T* dx) {
  parallel_rows(c.rows(), c.out * c.in * c.taps, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      T* target = dx + row * c.in;
      std::fill_n(target, c.in, T(0));
      for (int64_t j = 0; j < c.taps; ++j) {
        const int64_t to = row % c.length + c.shift(j);
        if (to < 0 || to >= c.places()) continue;
        const T* up = dy + (row / c.length * c.places() + to) * c.out;
        for (int64_t o = 0; o < c.out; ++o) {
          const T* weights = w + o * c.in * c.taps + j;
          for (int64_t i = 0; i < c.in; ++i) target[i] += up[o] * weights[i * c.taps];
        }
      }
    }
  });
}

template <class T>
void conv1d_weight(const Conv1d& c, const T* x, const T* dy, T* dw) {
  parallel_rows(c.out, c.rows_out() * c.in * c.taps, [&](int64_t begin, int64_t end) {
    std::fill(dw + begin * c.in * c.taps, dw + end * c.in * c.taps, T(0));
    for (int64_t o = begin; o < end; ++o) {
      for (int64_t row = 0; row < c.rows_out(); ++row) {
        for (int64_t j = 0; j < c.taps; ++j) {
          const int64_t from = row % c.places() - c.shift(j);
          if (from < 0 || from >= c.length) continue;
          const T* seen = x + (row / c.places() * c.length + from) * c.in;
          T* sums = dw + o * c.in * c.taps + j;
          for (int64_t i = 0; i < c.in; ++i) sums[i * c.taps] += dy[row * c.out + o] * seen[i];
        }
      }
    }
  });
}

}  // namespace ctr::reference
