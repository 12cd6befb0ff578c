#include "engine/conv1d_rows.h"

#include <algorithm>

#include "engine/linalg.h"
#include "engine/parallel.h"
#include "engine/step_vector.h"
#include "engine/tensor.h"

namespace ctr::rows {
namespace {

// The taps that see places, and how far back; `sign` −1 for the transposed convolution.
struct Taps {
  StepVector<int64_t> tap, shift;
  int64_t count() const { return static_cast<int64_t>(tap.size()); }
};

Taps taps_of(const Conv1d& c, int64_t sign) {
  Taps taps;
  for (int64_t j = 0; j < c.taps; ++j) {
    if (!c.reaches(j)) continue;
    taps.tap.push_back(j);
    taps.shift.push_back(sign * c.shift(j));
  }
  return taps;
}

// What is read, and the places that are made of it.
struct Places {
  int64_t in, out;   // of a sequence
  int64_t channels;  // of what is read

  // The sequences are taken a few at a time: their rows side by side then stay in the caches
  // between the copy and the product. Depends on the shape alone.
  int64_t sequences_at_once(int64_t batch, int64_t taps) const {
    constexpr int64_t kBytes = int64_t{2} << 20;
    const int64_t bytes = out * taps * channels * static_cast<int64_t>(sizeof(float));
    return std::clamp<int64_t>(kBytes / bytes, 1, batch);
  }
};

// beside[b, t] = [x[b, t − shift_0], x[b, t − shift_1], …] for `count` sequences, zeros beyond a
// sequence's ends.
void put_beside(const Places& p, const Taps& taps, const float* x, int64_t count, float* beside) {
  const int64_t width = taps.count() * p.channels;
  parallel_rows(count * p.out, width, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const float* sequence = x + row / p.out * p.in * p.channels;
      for (int64_t n = 0; n < taps.count(); ++n) {
        const int64_t from = row % p.out - taps.shift[static_cast<size_t>(n)];
        float* to = beside + row * width + n * p.channels;
        if (from < 0 || from >= p.in) {
          std::fill_n(to, p.channels, 0.F);
        } else {
          std::copy_n(sequence + from * p.channels, p.channels, to);
        }
      }
    }
  });
}

// w [O, I, K] as [O, taps, I].
Tensor by_tap(const Conv1d& c, const Taps& taps, const float* w) {
  Tensor result({c.out, taps.count(), c.in}, DType::f32);
  float* to = result.data<float>();
  for (int64_t o = 0; o < c.out; ++o) {
    for (int64_t j : taps.tap) {
      for (int64_t i = 0; i < c.in; ++i) *to++ = w[(o * c.in + i) * c.taps + j];
    }
  }
  return result;
}

// The same as [taps, O, I].
Tensor tap_first(const Conv1d& c, const Taps& taps, const float* w) {
  Tensor result({taps.count(), c.out, c.in}, DType::f32);
  float* to = result.data<float>();
  for (int64_t j : taps.tap) {
    for (int64_t o = 0; o < c.out; ++o) {
      for (int64_t i = 0; i < c.in; ++i) *to++ = w[(o * c.in + i) * c.taps + j];
    }
  }
  return result;
}

// y = beside(x) · op(b) + bias, a few sequences at a time.
void multiply(const Places& p, const Taps& taps, int64_t batch, const float* x,
              Matrix<const float> b, Transpose transpose_b, const float* bias, float* y,
              int64_t out) {
  const int64_t width = taps.count() * p.channels;
  const int64_t step = p.sequences_at_once(batch, taps.count());
  Tensor beside({step * p.out, width}, DType::f32);
  for (int64_t first = 0; first < batch; first += step) {
    const int64_t count = std::min(step, batch - first), rows = count * p.out;
    put_beside(p, taps, x + first * p.in * p.channels, count, beside.data<float>());
    gemm(Device::cpu, {beside.data<float>(), rows, width, width}, Transpose::no, b, transpose_b,
         {y + first * p.out * out, rows, out, out}, {bias, false, false});
  }
}

}  // namespace

void conv1d_forward(const Conv1d& c, const float* x, const float* w, const float* bias, float* y) {
  const Taps taps = taps_of(c, 1);
  const Tensor weights = by_tap(c, taps, w);
  const int64_t width = taps.count() * c.in;
  multiply({c.length, c.places(), c.in}, taps, c.batch, x,
           {weights.data<float>(), c.out, width, width}, Transpose::yes, bias, y, c.out);
}

void conv1d_data(const Conv1d& c, const float* dy, const float* w, float* dx) {
  const Taps taps = taps_of(c, -1);
  const Tensor weights = tap_first(c, taps, w);
  multiply({c.places(), c.length, c.out}, taps, c.batch, dy,
           {weights.data<float>(), taps.count() * c.out, c.in, c.in}, Transpose::no, nullptr, dx,
           c.in);
}

void conv1d_weight(const Conv1d& c, const float* x, const float* dy, float* dw) {
  const Taps taps = taps_of(c, 1);
  const int64_t width = taps.count() * c.in;
  const Places p{c.length, c.places(), c.in};
  const int64_t step = p.sequences_at_once(c.batch, taps.count());
  Tensor beside({step * p.out, width}, DType::f32);
  Tensor sums({c.out, width}, DType::f32);
  for (int64_t first = 0; first < c.batch; first += step) {
    const int64_t count = std::min(step, c.batch - first), rows = count * p.out;
    put_beside(p, taps, x + first * p.in * c.in, count, beside.data<float>());
    gemm(Device::cpu, {dy + first * p.out * c.out, rows, c.out, c.out}, Transpose::yes,
         {beside.data<float>(), rows, width, width}, Transpose::no,
         {sums.data<float>(), c.out, width, width}, {nullptr, false, first > 0});
  }
  std::fill_n(dw, c.out * c.in * c.taps, 0.F);
  const float* from = sums.data<float>();
  for (int64_t o = 0; o < c.out; ++o) {
    for (int64_t j : taps.tap) {
      for (int64_t i = 0; i < c.in; ++i) dw[(o * c.in + i) * c.taps + j] = *from++;
    }
  }
}

}  // namespace ctr::rows
