#include "engine/conv1d_winograd.h"

#include <algorithm>
#include <vector>

#include "engine/linalg.h"
#include "engine/parallel.h"
#include "engine/step_vector.h"
#include "engine/tensor.h"
#include "engine/thread_scratch.h"

namespace ctr::winograd {
namespace {

constexpr int64_t kProducts = 4;

// The places that are made, in pairs, and those that they see: place i of the one and tap j of
// place i + start + j D of the other.
struct Pairs {
  int64_t in, out;  // places of a sequence
  int64_t start, dilation;
  StepVector<int64_t> first;  // of each pair; its second is `dilation` on, or beyond the end

  Pairs(int64_t in_places, int64_t out_places, int64_t from, int64_t apart)
      : in(in_places), out(out_places), start(from), dilation(apart) {
    for (int64_t i = 0; i < out; ++i)
      if (i / dilation % 2 == 0) first.push_back(i);
  }
  int64_t count() const { return static_cast<int64_t>(first.size()); }
};

Pairs pairs_of(const Conv1d& c, bool transposed) {
  return transposed ? Pairs(c.places(), c.length, c.shift(2), c.dilation)
                    : Pairs(c.length, c.places(), -c.shift(0), c.dilation);
}

// Rows of `cols` numbers, zeros outside [0, rows).
struct Rows {
  const float* data;
  int64_t rows, cols;
  const float* zeros;

  const float* operator[](int64_t i) const { return i >= 0 && i < rows ? data + i * cols : zeros; }
};

void add(const float* a, const float* b, int64_t n, float* __restrict to) {
  for (int64_t i = 0; i < n; ++i) to[i] = a[i] + b[i];
}
void subtract(const float* a, const float* b, int64_t n, float* __restrict to) {
  for (int64_t i = 0; i < n; ++i) to[i] = a[i] - b[i];
}

// What product `j` reads of the pair whose taps see from place `at` on.
void put_seen(const Rows& d, int64_t j, int64_t at, int64_t dilation, float* to) {
  const float *d1 = d[at + dilation], *d2 = d[at + 2 * dilation];
  if (j == 0) return subtract(d[at], d2, d.cols, to);
  if (j == 1) return add(d1, d2, d.cols, to);
  if (j == 2) return subtract(d2, d1, d.cols, to);
  subtract(d1, d[at + 3 * dilation], d.cols, to);
}

// The adjoint of what a pair makes of its products: what product `j` gets of dy.
void put_made(const Rows& dy, int64_t j, int64_t first, int64_t dilation, float* to) {
  const float *a = dy[first], *b = dy[first + dilation];
  if (j == 0) std::copy_n(a, dy.cols, to);
  if (j == 1) add(a, b, dy.cols, to);
  if (j == 2) subtract(a, b, dy.cols, to);
  if (j == 3)
    for (int64_t i = 0; i < dy.cols; ++i) to[i] = -b[i];
}

// The products' weights [4, I, O], or with the taps turned around and transposed [4, O, I].
Tensor weights_of(const Conv1d& c, const float* w, bool transposed) {
  Tensor all({kProducts, c.in, c.out}, DType::f32);
  const int64_t size = c.in * c.out;
  const int64_t step_o = transposed ? c.in : 1, step_i = transposed ? 1 : c.out;
  constexpr int64_t kTile = 16;
  float* v = all.data<float>();
  parallel_rows((c.in + kTile - 1) / kTile, kTile * c.out * 8, [&](int64_t begin, int64_t end) {
    for (int64_t first = begin * kTile; first < std::min(end * kTile, c.in); first += kTile) {
      for (int64_t o = 0; o < c.out; ++o) {
        for (int64_t i = first; i < std::min(first + kTile, c.in); ++i) {
          const float* tap = w + (o * c.in + i) * 3;
          float* to = v + o * step_o + i * step_i;
          const float ends = (tap[0] + tap[2]) / 2, middle = tap[1] / 2;
          to[0] = tap[transposed ? 2 : 0];
          to[size] = ends + middle;
          to[2 * size] = ends - middle;
          to[3 * size] = tap[transposed ? 0 : 2];
        }
      }
    }
  });
  return all;
}

// What stands outside a sequence; other threads may read it during the call.
const float* zeros_of(int64_t count) {
  thread_local std::vector<float> zeros;
  if (std::ssize(zeros) < count) zeros.resize(static_cast<size_t>(count));
  return zeros.data();
}

// out = three taps `v` [4, from, to] over `in`, plus `bias`.
class Filter {
 public:
  Filter(const Pairs& pairs, int64_t batch, int64_t from, int64_t to, const Tensor& v,
         const float* bias)
      : pairs_(pairs), batch_(batch), from_(from), to_(to), v_(v.data<float>()), bias_(bias) {}

  void operator()(const float* in, float* out) const {
    const int64_t step = sequences_at_once();
    const int64_t whole = batch_ / step, rows = step * pairs_.count();
    const ThreadScratch<float> scratch(rows * (from_ + kProducts * to_));
    const float* zeros = zeros_of(std::max(from_, to_));
    auto tile = [&](int64_t n) {
      run(n * step, std::min(step, batch_ - n * step), in, zeros, scratch.mine(), out);
    };
    parallel_tasks(whole, batch_ * pairs_.count() * from_ * to_, tile);
    if (whole * step < batch_) tile(whole);
  }

 private:
  // So many that their products stay in a core's cache. Depends on the shape alone.
  int64_t sequences_at_once() const {
    constexpr int64_t kNumbers = 16 * 1024;
    return std::clamp<int64_t>(kNumbers / (pairs_.count() * std::max(from_, to_)), 1, batch_);
  }

  void run(int64_t sequence, int64_t count, const float* in, const float* zeros, float* seen,
           float* out) const {
    const int64_t rows = count * pairs_.count();
    float* made = seen + rows * from_;
    for (int64_t j = 0; j < kProducts; ++j) {
      float* row = seen;
      for (int64_t s = sequence; s < sequence + count; ++s) {
        const Rows d{in + s * pairs_.in * from_, pairs_.in, from_, zeros};
        for (int64_t first : pairs_.first) {
          put_seen(d, j, first + pairs_.start, pairs_.dilation, row);
          row += from_;
        }
      }
      gemm_here(Device::cpu, {seen, rows, from_, from_}, Transpose::no,
                {v_ + j * from_ * to_, from_, to_, to_}, Transpose::no,
                {made + j * rows * to_, rows, to_, to_});
    }
    const float* bias = bias_ == nullptr ? zeros : bias_;
    const float* m = made;
    for (int64_t s = sequence; s < sequence + count; ++s) {
      float* y = out + s * pairs_.out * to_;
      for (int64_t first : pairs_.first) {
        finish(
            m, rows * to_, bias, y + first * to_,
            first + pairs_.dilation < pairs_.out ? y + (first + pairs_.dilation) * to_ : nullptr);
        m += to_;
      }
    }
  }

  void finish(const float* m0, int64_t step, const float* bias, float* __restrict a,
              float* __restrict b) const {
    const float *m1 = m0 + step, *m2 = m1 + step, *m3 = m2 + step;
    const int64_t n = to_;
    for (int64_t i = 0; i < n; ++i) a[i] = m0[i] + (m1[i] + m2[i]) + bias[i];
    if (b == nullptr) return;
    for (int64_t i = 0; i < n; ++i) b[i] = (m1[i] - m2[i]) - m3[i] + bias[i];
  }

  const Pairs& pairs_;
  int64_t batch_, from_, to_;
  const float* v_;
  const float* bias_;
};

// The products' weight gradients [4, O, I], a few sequences at a time.
class WeightSums {
 public:
  WeightSums(const Conv1d& c, const Pairs& pairs)
      : c_(c),
        pairs_(pairs),
        step_(std::clamp<int64_t>(kNumbers / (pairs.count() * (c.in + c.out)), 1, c.batch)),
        seen_({kProducts, step_ * pairs.count(), c.in}, DType::f32),
        made_({kProducts, step_ * pairs.count(), c.out}, DType::f32),
        sums_({kProducts, c.out, c.in}, DType::f32) {}

  const Tensor& of(const float* x, const float* dy) {
    const float* zeros = zeros_of(std::max(c_.in, c_.out));
    for (int64_t first = 0; first < c_.batch; first += step_) {
      const int64_t count = std::min(step_, c_.batch - first);
      put(first, count, x, dy, zeros);
      add(first > 0, count * pairs_.count());
    }
    return sums_;
  }

 private:
  static constexpr int64_t kNumbers = 256 * 1024, kParts = 3;

  void put(int64_t sequence, int64_t count, const float* x, const float* dy, const float* zeros) {
    const int64_t rows = count * pairs_.count();
    parallel_rows(rows, kProducts * (c_.in + c_.out), [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        const int64_t s = sequence + row / pairs_.count();
        const int64_t first = pairs_.first[static_cast<size_t>(row % pairs_.count())];
        const Rows d{x + s * pairs_.in * c_.in, pairs_.in, c_.in, zeros};
        const Rows g{dy + s * pairs_.out * c_.out, pairs_.out, c_.out, zeros};
        for (int64_t j = 0; j < kProducts; ++j) {
          put_seen(d, j, first + pairs_.start, pairs_.dilation,
                   seen_.data<float>() + (j * rows + row) * c_.in);
          put_made(g, j, first, pairs_.dilation, made_.data<float>() + (j * rows + row) * c_.out);
        }
      }
    });
  }

  void add(bool to_sums, int64_t rows) {
    const int64_t part = std::max<int64_t>(8, (c_.out / kParts + 7) / 8 * 8);
    const int64_t parts = (c_.out + part - 1) / part;
    auto task = [&](int64_t n) {
      const int64_t j = n / parts, begin = n % parts * part;
      const int64_t cols = std::min(part, c_.out - begin);
      gemm_here(Device::cpu, {made_.data<float>() + j * rows * c_.out + begin, rows, cols, c_.out},
                Transpose::yes, {seen_.data<float>() + j * rows * c_.in, rows, c_.in, c_.in},
                Transpose::no,
                {sums_.data<float>() + (j * c_.out + begin) * c_.in, cols, c_.in, c_.in},
                {nullptr, false, to_sums});
    };
    parallel_tasks(kProducts * parts, rows * c_.in * c_.out, task);
  }

  const Conv1d& c_;
  const Pairs& pairs_;
  int64_t step_;
  Tensor seen_, made_, sums_;
};

}  // namespace

int64_t products(const Conv1d& c, Conv1dPart part) {
  const int64_t places = part == Conv1dPart::data ? c.length : c.places(), both = 2 * c.dilation;
  const int64_t pairs = places / both * c.dilation + std::min(places % both, c.dilation);
  return kProducts * c.batch * pairs;
}

void conv1d_forward(const Conv1d& c, const float* x, const float* w, const float* bias, float* y) {
  const Pairs pairs = pairs_of(c, false);
  const Tensor v = weights_of(c, w, false);
  Filter(pairs, c.batch, c.in, c.out, v, bias)(x, y);
}

void conv1d_data(const Conv1d& c, const float* dy, const float* w, float* dx) {
  const Pairs pairs = pairs_of(c, true);
  const Tensor v = weights_of(c, w, true);
  Filter(pairs, c.batch, c.out, c.in, v, nullptr)(dy, dx);
}

void conv1d_weight(const Conv1d& c, const float* x, const float* dy, float* dw) {
  const Pairs pairs = pairs_of(c, false);
  WeightSums sums(c, pairs);
  const float* s = sums.of(x, dy).data<float>();
  const int64_t size = c.in * c.out;
  for (int64_t i = 0; i < size; ++i) {
    const float a = s[size + i] / 2, b = s[2 * size + i] / 2;
    dw[3 * i] = s[i] + (a + b);
    dw[3 * i + 1] = a - b;
    dw[3 * i + 2] = (a + b) + s[3 * size + i];
  }
}

}  // namespace ctr::winograd
